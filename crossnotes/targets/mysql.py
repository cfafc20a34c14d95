"""MySQL: by CROSSNOTES_MYSQL_URL, a mysqld of this machine that is really MySQL, or Docker."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crossnotes import folders
from crossnotes.targets import Offer, Target, TargetError, mysql_family
from crossnotes.targets.containers import no_engine
from crossnotes.targets.mysql_family import Binary, FamilyServer
from crossnotes.targets.process import libraries, named_programs, of_series, program, says

VARIABLE = "CROSSNOTES_MYSQL_URL"
IMAGE = "mysql:8.4.5"

#: The series that Django works with (https://dev.mysql.com/doc/refman/9.7/en/mysql-releases.html).
RELEASES = (
    *("8.0", "8.1", "8.2", "8.3", "8.4"),
    *("9.0", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "9.7"),
)


def downloaded() -> Path:
    """Where `make test` puts the MySQL that it downloads."""
    return folders.cache() / "mysql" / "bin" / "mysqld"


def look(environment: Mapping[str, str], series: str = "") -> Offer:
    """The server that the environment names, else one of our own."""
    if no_driver := mysql_family.no_driver():
        return no_driver
    offer, others = mysql_family.external(environment, VARIABLE, ("mysql",), "MySQL", series)
    if offer is not None:
        return offer
    try:
        named = named_programs("MYSQLD", environment)
    except TargetError as error:
        return Offer(problem=str(error))
    for path in named:
        if problem := _not_mysql(path):
            return Offer(problem=f"MYSQLD names {path}, which is not MySQL: {problem}")
    on_path = (program("mysqld", environment), shutil.which(str(downloaded())) or "")
    paths = named or [path for path in on_path if path and not _not_mysql(path)]
    if path := of_series(paths, series, mysql_family.SERIES_NUMBERS):
        return _binary(path)
    image = f"mysql:{series}" if series else IMAGE
    if in_container := mysql_family.in_container(image, "MySQL", "MYSQL"):
        return in_container
    found = on_path[0]
    if found and _not_mysql(found):
        others.append(f"{found} is not MySQL ({_not_mysql(found)})")
    others += [f"{path} is {'.'.join(map(str, says(path)))}" for path in paths]
    wanted = f"of MySQL {series} " if series else ""
    return Offer(
        problem="; ".join(
            [
                *others,
                f"set {VARIABLE} to a server {wanted}".rstrip()
                + ", or MYSQLD to MySQL's own mysqld",
                no_engine(),
            ]
        )
    )


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
            env=libraries(path),
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
        libraries(path),
    )
    return mysql_family.offer(binary)


def share(server: FamilyServer) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: mysql_family.url_of(server.account, "mysql")}


TARGETS = [
    Target(
        "mysql",
        "MySQL",
        mysql_family.ENGINE,
        mysql_family.DRIVER,
        look,
        share=share,
        releases=RELEASES,
        dbapi="crossnotes.child.drivers.mysql",
    )
]
