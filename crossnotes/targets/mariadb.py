"""MariaDB: by CROSSNOTES_MARIADB_URL, the mariadbd of this machine, or Docker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crossnotes.targets import Offer, Target, TargetError, mysql_family
from crossnotes.targets.containers import no_engine
from crossnotes.targets.mysql_family import Binary, FamilyServer
from crossnotes.targets.process import libraries, named_programs, of_series, program, says

VARIABLE = "CROSSNOTES_MARIADB_URL"
IMAGE = "mariadb:11.8.2"

#: The series that Django works with (https://mariadb.org/about/#maintenance-policy).
RELEASES = (
    *("10.5", "10.6", "10.7", "10.8", "10.9", "10.10", "10.11"),
    *("11.0", "11.1", "11.2", "11.3", "11.4", "11.5", "11.6", "11.7", "11.8"),
    *("12.0", "12.1", "12.2", "12.3"),
)

#: What a server of our own is made with, by Debian package: mariadb-install-db calls the last.
PROGRAMS = {
    "mariadb-server-core": ("mariadbd", "mariadb-install-db"),
    "mariadb-client-core": ("my_print_defaults",),
}


def missing(environment: Mapping[str, str]) -> str:
    """What this machine lacks for a server of our own, and where it is; "" where it has all."""
    lacking = {
        package: [name for name in names if not program(name, environment)]
        for package, names in PROGRAMS.items()
    }
    names = [name for of_package in lacking.values() for name in of_package]
    packages = [package for package, of_package in lacking.items() if of_package]
    return f"{', '.join(names)} (Debian: {' '.join(packages)})" if names else ""


def look(environment: Mapping[str, str], series: str = "") -> Offer:
    """The server that the environment names, else one of our own."""
    if no_driver := mysql_family.no_driver():
        return no_driver
    offer, others = mysql_family.external(
        environment, VARIABLE, ("mariadb", "mysql"), "MariaDB", series
    )
    if offer is not None:
        return offer
    try:
        named = named_programs("MARIADBD", environment)
    except TargetError as error:
        return Offer(problem=str(error))
    lacking = "" if named else missing(environment)
    paths = named or ([] if lacking else [program("mariadbd", environment)])
    if path := of_series(paths, series, mysql_family.SERIES_NUMBERS):
        return _binary(path, environment)
    image = f"mariadb:{series}" if series else IMAGE
    if in_container := mysql_family.in_container(image, "MariaDB", "MARIADB"):
        return in_container
    others += [f"{path} is {'.'.join(map(str, says(path)))}" for path in paths]
    wanted = f"of MariaDB {series} " if series else ""
    own = "MARIADBD to its mariadbd" if series else f"install {lacking}"
    told = f"set {VARIABLE} to a server {wanted}".rstrip()
    return Offer(problem="; ".join([*others, f"{told}, or {own}", no_engine()]))


def _binary(path: str, environment: Mapping[str, str]) -> Offer:
    """A server of a program of this machine: of the system's, or of an unpacked archive, which has
    what makes its data beside it."""
    root = Path(path).resolve().parents[1]
    beside = [root / folder / "mariadb-install-db" for folder in ("bin", "scripts")]
    if not (root / "share").is_dir() or root == Path("/usr"):
        beside = []
    install = next((str(p) for p in beside if p.is_file()), "")
    base = [f"--basedir={root}"] if install else []
    install = install or program("mariadb-install-db", environment)
    make_data = [install, *base, "--skip-test-db", "--auth-root-authentication-method=normal"]
    return mysql_family.offer(Binary(path, "MariaDB", make_data, base, libraries(path)))


def share(server: FamilyServer) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: mysql_family.url_of(server.account, "mariadb")}


TARGETS = [
    Target(
        "mariadb",
        "MariaDB",
        mysql_family.ENGINE,
        mysql_family.DRIVER,
        look,
        share=share,
        releases=RELEASES,
        dbapi="crossnotes.child.drivers.mysql",
    )
]
