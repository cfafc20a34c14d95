"""Current servers beside Debian's own: MySQL 9.7, MariaDB 11.8, PostgreSQL 17 and 18.

`python tests/current_servers.py start` makes roots of Debian's newer suites (once, some minutes; as
root), starts the servers on ports of this machine alone, and prints the variables that name them;
`stop` ends those. `make test SERVERS=current` does the first. Only the standard library is used.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HOME = Path(os.environ.get("CROSSNOTES_SERVERS") or Path.home() / ".cache/crossnotes-servers")
#: Seconds in which a server has to listen.
PATIENCE = 60


@dataclass(frozen=True)
class Suite:
    """A suite of Debian, and the packages that are wanted of it."""

    name: str
    packages: Sequence[str]

    @property
    def root(self) -> Path:
        return HOME / self.name

    def make(self) -> None:
        """Make the root, once."""
        ready = self.root / ".ready"
        if ready.exists():
            return
        if shutil.which("debootstrap") is None:
            install = ["apt-get", "install", "-y", "-q", "debootstrap"]
            subprocess.run(install, check=True, stdout=sys.stderr)
        shutil.rmtree(self.root, ignore_errors=True)
        HOME.mkdir(parents=True, exist_ok=True)
        wanted = f"--include={','.join((*self.packages, 'ca-certificates'))}"
        command = ["debootstrap", "--variant=minbase", wanted, self.name, str(self.root), mirror()]
        subprocess.run(command, check=True, stdout=sys.stderr)
        users = "id mysql >/dev/null 2>&1 || useradd -r mysql"
        self.run(
            "sh",
            "-c",
            f"{users}; mkdir -p /data /var/lib/mysql-files; chown mysql /data /var/lib/mysql-files",
        )
        ready.touch()

    def run(self, *command: str) -> None:
        inside = ["chroot", str(self.root), *command]
        subprocess.run(inside, check=True, stdout=sys.stderr, stderr=sys.stderr)


SID = Suite("sid", ("mysql-server-core", "postgresql-18"))
TRIXIE = Suite("trixie", ("mariadb-server-core", "mariadb-client-core", "postgresql-17"))


@dataclass(frozen=True)
class Server:
    """A server: where its data is, what makes that, and what is started then."""

    name: str
    suite: Suite
    port: int
    url: str
    data: str
    make: Sequence[str]
    command: Sequence[str]
    pid: str

    def start(self) -> None:
        self.suite.make()
        if listens(self.port):
            return
        if not (self.suite.root / self.data.lstrip("/")).is_dir():
            self.suite.run(*self.make)
        with (HOME / f"{self.name}.log").open("wb") as log:
            subprocess.Popen(
                ["chroot", str(self.suite.root), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not listens(self.port):
            if time.monotonic() > deadline:
                sys.exit(f"{self.name} does not listen on {self.port}; see {HOME}/{self.name}.log")
            time.sleep(0.2)

    def stop(self) -> None:
        file = self.suite.root / self.pid.lstrip("/")
        if file.is_file():
            try:
                os.kill(int(file.read_text().split()[0]), signal.SIGTERM)
            except ProcessLookupError:
                return


def family(name: str, suite: Suite, program: str, port: int, data: str, make: str) -> Server:
    """A MySQL or a MariaDB."""
    options = f"--no-defaults --user=mysql --datadir={data} --port={port} --pid-file={data}.pid"
    options += f" --bind-address=127.0.0.1 --socket={data}.sock"
    scheme = name.partition("@")[0]
    url = f"{scheme}://root@127.0.0.1:{port}/"
    command = [program, *options.split()]
    if scheme == "mysql":
        command.append("--mysqlx=OFF")
    return Server(name, suite, port, url, data, make.split(), command, f"{data}.pid")


def postgresql(series: int, suite: Suite, port: int) -> Server:
    data, programs = f"/data/pg{series}", f"/usr/lib/postgresql/{series}/bin"
    initdb = f"{programs}/initdb -D {data}/d -A trust -U postgres --locale=C.UTF-8 -E UTF8"
    make = f"mkdir -p {data} && chown postgres {data} && su postgres -c '{initdb}'"
    server = f"{programs}/postgres -D {data}/d -p {port} -c listen_addresses=127.0.0.1"
    server += f" -c unix_socket_directories={data}"
    return Server(
        f"postgresql@{series}",
        suite,
        port,
        f"postgresql://postgres@127.0.0.1:{port}/",
        data,
        ["sh", "-c", make],
        ["su", "postgres", "-c", server],
        f"{data}/d/postmaster.pid",
    )


_MAKE = "--no-defaults --user=mysql --datadir="
SERVERS = (
    family(
        "mysql@9.7",
        SID,
        "mysqld",
        33097,
        "/data/my",
        f"mysqld {_MAKE}/data/my --initialize-insecure",
    ),
    family(
        "mariadb@11.8",
        TRIXIE,
        "mariadbd",
        33118,
        "/data/maria",
        f"mariadb-install-db {_MAKE}/data/maria --auth-root-authentication-method=normal "
        "--skip-test-db",
    ),
    postgresql(18, SID, 33018),
    postgresql(17, TRIXIE, 33017),
)


def mirror() -> str:
    """Where this machine has its Debian packages from."""
    for file in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if file.is_file():
            found = re.search(r"https?://\S+/debian/?(?=\s|$)", file.read_text(), re.MULTILINE)
            if found:
                return found[0]
    return os.environ.get("DEBIAN_MIRROR") or sys.exit(
        "no Debian mirror in /etc/apt: set DEBIAN_MIRROR"
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def variables() -> dict[str, str]:
    """The variables that name the servers, several in one where there are several of a database."""
    found: dict[str, str] = {}
    for server in SERVERS:
        name = f"CROSSNOTES_{server.name.partition('@')[0].upper()}_URL"
        found[name] = f"{found[name]} {server.url}" if name in found else server.url
    return found


def main(arguments: Sequence[str]) -> Iterator[str]:
    if list(arguments) not in (["start"], ["stop"]):
        sys.exit(__doc__)
    for server in SERVERS:
        server.start() if arguments[0] == "start" else server.stop()
    if arguments[0] == "start":
        yield from (f"export {name}='{value}'" for name, value in variables().items())


if __name__ == "__main__":
    print("\n".join(main(sys.argv[1:])))
