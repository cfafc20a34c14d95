"""TiDB: three deployments that differ by what they ask of a client.

Self-Hosted takes cleartext; Dedicated gives a CA file, against which the client verifies the
server's identity; Serverless refuses cleartext, is verified against the system's CA store, and its
user names have a prefix. A cluster named by TIDB_HOST is one of them (TIDB_DEPLOYMENT); otherwise a
tidb-server named by TIDB_SERVER, or in a container, is started for each, with certificates made
for the run.
"""

from __future__ import annotations

import os
import re
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crossnotes.targets import Identity, Offer, Target, TargetError, Where, containers
from crossnotes.targets.containers import Container, Image
from crossnotes.targets.external import asked, is_placeholder, over_tcp
from crossnotes.targets.mysql_family import (
    DRIVER,
    SERIES_NUMBERS,
    Account,
    FamilyServer,
    connected,
)
from crossnotes.targets.process import (
    ServerProcess,
    Started,
    free_port,
    from_binary,
    named_programs,
    of_series,
    refusal,
    says,
    where_of,
)

ENGINE = "django_tidb"
IMAGE = "pingcap/tidb:v8.5.3"

#: The image of a series. TiDB's have tags of whole versions alone.
IMAGES = {
    "7.5": "pingcap/tidb:v7.5.6",
    "8.1": "pingcap/tidb:v8.1.2",
    "8.5": IMAGE,
}

#: The series that django-tidb works with (https://docs.pingcap.com/tidb/stable/release-notes).
RELEASES = (
    *("6.5", "6.6", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6"),
    *("8.0", "8.1", "8.2", "8.3", "8.4", "8.5"),
)

#: How the names of TiDB Cloud's servers end, and what it calls its offers.
_CLOUD = (".tidbcloud.com", ".tidb-cloud.com")
_CLOUD_NAMES = {"serverless": "TiDB Cloud Starter", "dedicated": "TiDB Cloud Dedicated"}

#: All data in the server's own memory.
_STORE = ("--store", "unistore", "--path", "")

_EXTERNAL = ("TIDB_HOST", "TIDB_PORT", "TIDB_USER", "TIDB_PASSWORD", "CA_PATH")

#: How Python's package name answers the question of who is missing.
_INSTALL = "pip install 'crossnotes[tidb]'"


def identify(cursor: Any) -> Identity:
    """What the server says of itself. Raises TargetError if it is not a TiDB: only a TiDB knows
    TIDB_VERSION(), whatever its VERSION() claims."""
    import MySQLdb

    cursor.execute("SELECT VERSION()")
    version = cursor.fetchone()[0]
    try:
        cursor.execute("SELECT TIDB_VERSION()")
    except MySQLdb.Error as error:
        raise TargetError(
            f"the server is not TiDB: its version is {version}, and SELECT TIDB_VERSION() returned "
            f"{error.args[0]}"
        ) from error
    tidb_version = cursor.fetchone()[0]
    cursor.execute("SELECT @@port")
    return Identity(version, tidb_version, port=int(cursor.fetchone()[0]))


class Cluster(FamilyServer):
    """A TiDB that answers, of a `deployment`; `process` is set for one that this run started."""

    engine = ENGINE

    def __init__(self, account: Account, deployment: str, process: Started | None = None) -> None:
        with connected(account) as cursor:
            identity = identify(cursor)
        where = _where(account, deployment, identity, process)
        super().__init__(account, replace(identity, where=where), process)
        self.encrypted = _encrypted(deployment)

    def more_facts(self) -> Mapping[str, str]:
        """None: the project knows a TiDB by its variables, and takes its backend from that."""
        return {}


def _where(account: Account, deployment: str, identity: Identity, process: Started | None) -> Where:
    """How a cluster was had. One of TiDB Cloud is the deployment itself; of any other it can be
    said only that it was asked with that deployment's contract."""
    if process is None and account.host.endswith(_CLOUD):
        return Where("cloud", identity.store)
    # One that somebody runs himself is what its name says.
    contract = "" if process is None and deployment == "self-hosted" else deployment
    return replace(where_of(process), store=identity.store, contract=contract)


# -- an external cluster --------------------------------------------------------------------------


def _external(environment: Mapping[str, str], deployment: str) -> Offer | None:
    """The cluster that the environment names, if it is of this deployment."""
    named = [key for key in _EXTERNAL if environment.get(key)]
    wanted = environment.get("TIDB_DEPLOYMENT") or "self-hosted"
    if wanted not in DEPLOYMENTS:
        known = ", ".join(DEPLOYMENTS)
        return Offer(problem=f"TIDB_DEPLOYMENT is {wanted!r}; known are: {known}")
    if not named or wanted != deployment:
        return None
    if "TIDB_HOST" not in named:
        rest = ", ".join(named)
        return Offer(problem=f"TIDB_HOST is not set, though {rest} is; set it to the server's name")
    if not environment.get("TIDB_USER"):
        return Offer(problem="TIDB_USER is not set; set it to the user to connect as")
    for key in named:
        if is_placeholder(environment[key]):
            # The value is not repeated: it could be a password that only looks like one.
            return Offer(problem=f"{key} still holds a placeholder; set it to your own value")
    port = environment.get("TIDB_PORT") or "4000"
    if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        return Offer(problem=f"TIDB_PORT is {port!r}; set it to a number, such as 4000")
    ca = environment.get("CA_PATH", "")
    if ca and not os.path.isfile(ca):
        return Offer(problem=f"CA_PATH names {ca}, and there is no such file")
    account = Account(
        over_tcp(environment["TIDB_HOST"]),
        int(port),
        environment["TIDB_USER"],
        environment.get("TIDB_PASSWORD", ""),
        os.path.abspath(ca) if ca else "",
    )
    where = f"{account.host}:{account.port}"
    return Offer("external", where, start=lambda folder: Cluster(account, deployment))


# -- a server of our own --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate authority made for the run, and a server's certificate for 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        import trustme

        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        authority.cert_pem.write_to_path(made.ca)
        issued.private_key_pem.write_to_path(made.key)
        for number, part in enumerate(issued.cert_chain_pems):
            part.write_to_path(made.certificate, append=bool(number))
        return made

    def bundle(self, folder: Path) -> Path:
        """The system's authorities and the run's: what Serverless' CA_PATH names."""
        paths = ssl.get_default_verify_paths()
        system = os.environ.get("SSL_CERT_FILE") or paths.cafile
        text = Path(system).read_text() if system and os.path.isfile(system) else ""
        bundle = folder / "bundle.pem"
        bundle.write_text(text.rstrip("\n") + "\n" + self.ca.read_text())
        return bundle


def _self_hosted(root: Account, made: Certificates, folder: Path) -> Account:
    """As it is after the start: no password, cleartext."""
    return root


def _dedicated(root: Account, made: Certificates, folder: Path) -> Account:
    """A password, and a CA file to verify the server with."""
    account = Account(root.host, root.port, root.user, secrets.token_hex(16), str(made.ca))
    with connected(root) as cursor:
        cursor.execute("ALTER USER 'root'@'%%' IDENTIFIED BY %s", (account.password,))
    return account


def _serverless(root: Account, made: Certificates, folder: Path) -> Account:
    """A prefixed user; cleartext is refused; CA_PATH is the system's store."""
    account = Account(
        root.host,
        root.port,
        f"{secrets.token_hex(7)}.root",
        secrets.token_hex(16),
        str(made.bundle(folder)),
    )
    # A server turns this on only for a session that is itself encrypted.
    encrypted_root = Account(root.host, root.port, root.user, "", str(made.ca))
    with connected(encrypted_root) as cursor:
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (account.user, account.password))
        # As the first user of a cluster in the cloud has it, who makes the others.
        grant = "GRANT ALL PRIVILEGES ON *.* TO %s@'%%' WITH GRANT OPTION"
        cursor.execute(grant, (account.user,))
        cursor.execute("SET GLOBAL require_secure_transport = ON")
        cursor.execute("ALTER USER 'root'@'%%' IDENTIFIED BY %s", (secrets.token_hex(16),))
    return account


Contract = Callable[[Account, Certificates, Path], Account]

DEPLOYMENTS: Mapping[str, Contract] = {
    "self-hosted": _self_hosted,
    "dedicated": _dedicated,
    "serverless": _serverless,
}


def _encrypted(deployment: str) -> bool:
    """Self-Hosted may be in cleartext, which is what its tab teaches; the others may not."""
    return deployment != "self-hosted"


_CONFIG = """\
[security]
ssl-cert = "{certificate}"
ssl-key = "{key}"
"""


def _start(binary: str, deployment: str, port: int, folder: Path) -> Cluster:
    made = Certificates.make(folder)
    options = ["-P", str(port), "--host", "127.0.0.1", "--status", str(free_port())]
    options += _security(deployment, made, folder)
    process = ServerProcess([binary, *_STORE, *options], folder)
    return _when_it_answers(deployment, port, made, folder, process)


def _start_container(image: str, deployment: str, folder: Path) -> Cluster:
    made = Certificates.make(folder)
    # Whom the server runs as in the container is not who we are.
    made.key.chmod(0o644)
    options = ["-P", "4000", "--host", "0.0.0.0", *_security(deployment, made, folder)]  # noqa: S104
    container = Container(Image(image, 4000, command=[*_STORE, *options], folder=folder))
    return _when_it_answers(deployment, container.port, made, folder, container)


def _security(deployment: str, made: Certificates, folder: Path) -> list[str]:
    """The options that give the server its certificate, where its deployment has one."""
    if deployment == "self-hosted":
        return []
    config = folder / "tidb.toml"
    config.write_text(_CONFIG.format(certificate=made.certificate, key=made.key))
    return ["--config", str(config)]


def _when_it_answers(
    deployment: str, port: int, made: Certificates, folder: Path, process: Started
) -> Cluster:
    root = Account("127.0.0.1", port, "root", "")
    try:
        process.wait_until(lambda: refusal(lambda: connected(root)))
        account = DEPLOYMENTS[deployment](root, made, folder)
        return Cluster(account, deployment, process)
    except BaseException:
        process.stop()
        raise


def _look(environment: Mapping[str, str], deployment: str, series: str) -> Offer:
    try:
        import django_tidb
        import MySQLdb
    except ImportError as error:
        return Offer(problem=f"{error.name} is not installed: {_INSTALL}")
    del django_tidb, MySQLdb
    others: list[str] = []
    offer = _external(environment, deployment)
    if offer is not None and (start := offer.start) is not None:
        # What it says of itself needs no folder, for nothing is started.
        one = (offer.where, lambda: start(Path()).identity, offer)
        offer, others = asked([one], series, SERIES_NUMBERS)
    if offer is not None:
        return offer
    try:
        named = named_programs("TIDB_SERVER", environment)
    except TargetError as error:
        return Offer(problem=str(error))
    path = of_series(named, series, SERIES_NUMBERS)
    if not path:
        image = IMAGES.get(series, f"pingcap/tidb:v{series}.0") if series else IMAGE
        if in_container := containers.offer(
            image, lambda f: _start_container(image, deployment, f)
        ):
            return in_container
        others += [f"{path} is {'.'.join(map(str, says(path)))}" for path in named]
        other = environment.get("TIDB_DEPLOYMENT") or "self-hosted"
        taken = f"TIDB_HOST is the {other} cluster; " if environment.get("TIDB_HOST") else ""
        before = "".join(f"{other}; " for other in others)
        wanted = f" of TiDB {series}" if series else ""
        return Offer(
            problem=f"{before}{taken}set TIDB_SERVER to a tidb-server binary{wanted}, or "
            "TIDB_HOST, TIDB_PORT, TIDB_USER, TIDB_PASSWORD and CA_PATH to a cluster and "
            f"TIDB_DEPLOYMENT={deployment}; "
            f"{containers.no_engine()}"
        )
    return from_binary(path, lambda port, folder: _start(path, deployment, port, folder))


def _target(deployment: str, label: str) -> Target:
    def look(environment: Mapping[str, str], series: str = "") -> Offer:
        return _look(environment, deployment, series)

    def share(cluster: Cluster) -> Mapping[str, str]:
        account = cluster.account
        values = (account.host, str(account.port), account.user, account.password, account.ca)
        return {"TIDB_DEPLOYMENT": deployment, **dict(zip(_EXTERNAL, values, strict=True))}

    return Target(
        f"tidb-{deployment}",
        label,
        ENGINE,
        DRIVER,
        look,
        share=share,
        cloud=_CLOUD_NAMES.get(deployment, ""),
        releases=RELEASES,
        dbapi="crossnotes.child.drivers.mysql",
    )


TARGETS = [
    _target("serverless", "TiDB Serverless"),
    _target("dedicated", "TiDB Dedicated"),
    _target("self-hosted", "TiDB Self-Hosted"),
]
