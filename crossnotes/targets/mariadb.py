"""MariaDB: by CROSSNOTES_MARIADB_URL, the mariadbd of this machine, or Docker."""

from __future__ import annotations

from collections.abc import Mapping

from crossnotes.targets import Offer, Target, mysql_family
from crossnotes.targets.containers import no_engine
from crossnotes.targets.mysql_family import Binary, FamilyServer
from crossnotes.targets.process import program

VARIABLE = "CROSSNOTES_MARIADB_URL"
IMAGE = "mariadb:11.8.2"

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


def look(environment: Mapping[str, str]) -> Offer:
    """The server that the environment names, else one of our own."""
    offer = mysql_family.no_driver() or mysql_family.external(
        environment, VARIABLE, ("mariadb", "mysql"), "MariaDB"
    )
    if offer is not None:
        return offer
    if lacking := missing(environment):
        return mysql_family.in_container(IMAGE, "MariaDB", "MARIADB") or Offer(
            problem=f"set {VARIABLE} to a server, or install {lacking}; {no_engine()}"
        )
    install = program("mariadb-install-db", environment)
    make_data = [install, "--skip-test-db", "--auth-root-authentication-method=normal"]
    return mysql_family.offer(Binary(program("mariadbd", environment), "MariaDB", make_data))


def share(server: FamilyServer) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: mysql_family.url_of(server.account, "mariadb")}


TARGETS = [
    Target("mariadb", "MariaDB", mysql_family.ENGINE, mysql_family.DRIVER, look, share=share)
]
