"""MySQL: by CROSSNOTES_MYSQL_URL, a mysqld of this machine that is really MySQL, or Docker."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crossnotes import folders
from crossnotes.targets import Offer, Target, mysql_family
from crossnotes.targets.containers import no_engine
from crossnotes.targets.mysql_family import Binary, FamilyServer
from crossnotes.targets.process import program

VARIABLE = "CROSSNOTES_MYSQL_URL"
IMAGE = "mysql:8.4.5"


def downloaded() -> Path:
    """Where `make test` puts the MySQL that it downloads."""
    return folders.cache() / "mysql" / "bin" / "mysqld"


def look(environment: Mapping[str, str]) -> Offer:
    """The server that the environment names, else one of our own."""
    offer = mysql_family.no_driver() or mysql_family.external(
        environment, VARIABLE, ("mysql",), "MySQL"
    )
    if offer is not None:
        return offer
    if named := environment.get("MYSQLD"):
        path = shutil.which(named)
        if path is None:
            return Offer(problem=f"MYSQLD names {named}, which is no program that can be run")
        if problem := _not_mysql(path):
            return Offer(problem=f"MYSQLD names {path}, which is not MySQL: {problem}")
        return _binary(path)
    for path in (program("mysqld", environment), shutil.which(str(downloaded())) or ""):
        if path and not _not_mysql(path):
            return _binary(path)
    if in_container := mysql_family.in_container(IMAGE, "MySQL", "MYSQL"):
        return in_container
    found = program("mysqld", environment)
    other = f"{found} is not MySQL ({_not_mysql(found)}); " if found else ""
    return Offer(
        problem=f"{other}set {VARIABLE} to a server, or MYSQLD to MySQL's own mysqld; {no_engine()}"
    )


def _libraries(path: str) -> dict[str, str]:
    """An unpacked archive has libraries beside its programs, which the system does not know."""
    folder = Path(path).resolve().parents[1] / "lib"
    return {"LD_LIBRARY_PATH": str(folder)} if any(folder.glob("libssl.so*")) else {}


@cache
def _not_mysql(path: str) -> str:
    """What the program says of itself if that is not MySQL; "" if it is. The server is asked
    again when it runs."""
    try:
        said = subprocess.run(
            [path, "--no-defaults", "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            env=_libraries(path),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    words = (said.stdout + said.stderr).strip().rpartition("\n")[2]
    if said.returncode != 0 or "mariadb" in words.lower() or "mysqld" not in words:
        return words or f"it ended with status {said.returncode}"
    return ""


def _binary(path: str) -> Offer:
    root = Path(path).resolve().parents[1]
    base = [f"--basedir={root}"]
    if (root / "share" / "english").is_dir():
        base.append(f"--lc-messages-dir={root / 'share'}")
    binary = Binary(
        path,
        "MySQL",
        [path, *base, "--initialize-insecure"],
        [*base, "--mysqlx=0", "--sync-binlog=0"],
        _libraries(path),
    )
    return mysql_family.offer(binary)


def share(server: FamilyServer) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: mysql_family.url_of(server.account, "mysql")}


TARGETS = [Target("mysql", "MySQL", mysql_family.ENGINE, mysql_family.DRIVER, look, share=share)]
