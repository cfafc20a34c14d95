"""MariaDB: by CROSSNOTES_MARIADB_URL, the mariadbd of this machine, or Docker."""

from __future__ import annotations

from collections.abc import Mapping

from crossnotes.targets import Offer, Target, mysql_family
from crossnotes.targets.containers import no_engine
from crossnotes.targets.mysql_family import Binary, FamilyServer
from crossnotes.targets.process import program

VARIABLE = "CROSSNOTES_MARIADB_URL"
IMAGE = "mariadb:11.8.2"


def look(environment: Mapping[str, str]) -> Offer:
    """The server that the environment names, else one of our own."""
    offer = mysql_family.no_driver() or mysql_family.external(
        environment, VARIABLE, ("mariadb", "mysql"), "MariaDB"
    )
    if offer is not None:
        return offer
    server = program("mariadbd", environment)
    install = program("mariadb-install-db", environment)
    if not server or not install:
        return mysql_family.in_container(IMAGE, "MariaDB", "MARIADB") or Offer(
            problem=f"set {VARIABLE} to a server, or install mariadbd and mariadb-install-db "
            f"(Debian: mariadb-server-core); {no_engine()}"
        )
    make_data = [install, "--skip-test-db", "--auth-root-authentication-method=normal"]
    return mysql_family.offer(Binary(server, "MariaDB", make_data))


def share(server: FamilyServer) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: mysql_family.url_of(server.account, "mariadb")}


TARGETS = [
    Target("mariadb", "MariaDB", mysql_family.ENGINE, mysql_family.DRIVER, look, share=share)
]
