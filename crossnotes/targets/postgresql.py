"""PostgreSQL: by CROSSNOTES_POSTGRESQL_URL, the postgres of this machine, or Docker."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

from crossnotes.targets import Database, Identity, Offer, Target, TargetError, containers
from crossnotes.targets.containers import Container, Image
from crossnotes.targets.external import Address, UrlError, addresses, asked, url
from crossnotes.targets.postgresql_clean import CONTENTS, SETTINGS, PostgreSQLCaretaker
from crossnotes.targets.process import (
    ServerProcess,
    Started,
    from_binary,
    libraries,
    named_programs,
    of_series,
    private_file,
    private_folder,
    refusal,
    unprivileged,
    where_of,
)

ENGINE = "django.db.backends.postgresql"
DRIVER = "psycopg"
VARIABLE = "CROSSNOTES_POSTGRESQL_URL"
IMAGE = "postgres:17.5"

#: A series is one number (https://www.postgresql.org/support/versioning/), of those that Django
#: works with.
SERIES_NUMBERS = 1
RELEASES = ("14", "15", "16", "17", "18")
CONNECT_TIMEOUT = 15
#: Seconds in which what we ask of a server has to be answered, and those of them that it may wait
#: for what others have locked. A server that is stopped would never answer.
TIMEOUT = 60
LOCK_TIMEOUT = 20

#: The options of a URL, which are libpq's.
OPTIONS = {"sslmode": "text", "sslrootcert": "text", "sslcert": "file", "sslkey": "file"}

#: Where Debian has the programs of each version, off PATH.
DEBIAN = Path("/usr/lib/postgresql")

#: Sorts by code point and knows the letters of all languages, on every machine alike.
COLLATION = "C.UTF-8"


class PostgreSQL:
    """A server that answers; `process` is set for one that this run started."""

    copies = True

    def __init__(self, found: Address, process: Started | None = None) -> None:
        self.address = found
        self.process = process
        #: Whom programs connect as, and the database that was given to them.
        self.pages, self._given = found, ""
        self._stack = contextlib.ExitStack()
        self._standing: Any = None
        with connected(found) as cursor:
            identity = identify(cursor)
            cursor.execute("SELECT inet_server_port()")  # NULL over a socket
            port = cursor.fetchone()[0] or 0
            self.identity = replace(identity, where=where_of(process), port=port)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.pages.password,) if self.pages.password else ()

    @property
    def ordinary(self) -> tuple[str, ...]:
        return (self.pages.host, self.pages.user)

    def create_database(self, name: str) -> Database:
        self._execute(
            f'CREATE DATABASE "{name}" OWNER "{self.pages.user}" TEMPLATE template0 '
            f"ENCODING 'UTF8' LC_COLLATE '{COLLATION}' LC_CTYPE '{COLLATION}'"
        )
        return self.database(name)

    def database(self, name: str) -> Database:
        found = self.pages
        return Database(
            name,
            {
                "ENGINE": ENGINE,
                "HOST": found.host,
                "PORT": str(found.port),
                "USER": found.user,
                "PASSWORD": found.password,
                "NAME": name,
                "OPTIONS": dict(found.options),
            },
            {
                "engine": ENGINE,
                "host": found.host,
                "port": str(found.port),
                "user": found.user,
                "password": found.password,
                "database": name,
                "ca": found.options.get("sslrootcert", ""),
            },
        )

    def drop_database(self, database: Database) -> None:
        # A program that was killed may still be connected for a moment.
        self._execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')

    def caretaker(self, database: Database) -> PostgreSQLCaretaker:
        return PostgreSQLCaretaker(connected(replace(self.pages, database=database.name)))

    def copy(self, database: Database, name: str) -> Database:
        self._execute(
            f'CREATE DATABASE "{name}" OWNER "{self.pages.user}" TEMPLATE "{database.name}"'
        )
        return self.database(name)

    def confine(self, name: str, database: str = "") -> None:
        pages = replace(self.address, user=name, password=secrets.token_hex(16))
        if not self._may_make_roles():
            return
        self._execute(f"CREATE ROLE \"{name}\" LOGIN CREATEDB PASSWORD '{pages.password}'")
        self._execute(f'GRANT "{name}" TO CURRENT_USER')
        if database:
            self._execute(f'GRANT ALL ON DATABASE "{database}" TO "{name}"')
            self._execute(f'GRANT ALL ON SCHEMA public TO "{name}"', database)
        self.pages, self._given = pages, database

    def _may_make_roles(self) -> bool:
        """Whether the run makes an account; not where the one that there is may do no more than a
        page needs. Raises TargetError where it may do more, and make none."""
        with connected(self.address) as cursor:
            cursor.execute(
                "SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls, ARRAY("
                "SELECT r.rolname::text FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid "
                "WHERE member = me.oid) FROM pg_roles AS me WHERE rolname = current_user"
            )
            superuser, may, *more, member_of = cursor.fetchone()
        if superuser or may:
            return True
        if any(more) or member_of:
            raise TargetError(
                f"pages would have more rights than on their own databases: user "
                f"{self.address.user} has REPLICATION, BYPASSRLS or is a member of "
                f"{', '.join(member_of) or 'no role'}, and may not create an account with fewer "
                "rights; grant it CREATEROLE, name a user with CREATEDB alone, or run pages that "
                "you trust with --trust-pages"
            )
        return False

    def renew(self) -> None:
        if self.pages is not self.address:
            role, password = f'ALTER ROLE "{self.pages.user}"', self.pages.password
            with self._told("ALTER ROLE"):
                self._after_program(f"{role} PASSWORD '{password}'; {role} RESET ALL")

    def release(self, name: str) -> None:
        if self._given:
            self._execute(f'DROP OWNED BY "{name}"', self._given)
        self.pages, self._given = self.address, ""
        with connected(self.address) as cursor:
            cursor.execute(
                "SELECT datname FROM pg_database WHERE datdba = "
                "(SELECT oid FROM pg_roles WHERE rolname = %s)",
                (name,),
            )
            owned = [found for (found,) in cursor.fetchall()]
        for found in owned:
            self._execute(f'DROP DATABASE IF EXISTS "{found}" WITH (FORCE)')
        self._execute(f'DROP ROLE IF EXISTS "{name}"')

    def settings(self) -> Mapping[str, str]:
        return dict(self._after_program(SETTINGS))

    def _after_program(self, statement: str) -> list[Any]:
        """Execute what is said after each program over a connection that stays; its rows."""
        import psycopg

        if self._standing is None:
            self._standing = self._stack.enter_context(connected(self.address))
        try:
            self._standing.execute(statement)
            return list(self._standing.fetchall()) if self._standing.description else []
        except psycopg.Error:
            # A program may have ended it; or the server is gone, which a new one tells.
            self._standing = None
            with connected(self.address) as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    def put_back(self, name: str, value: str | None) -> bool:
        return False

    def databases(self, prefix: str) -> list[str]:
        found = _rows(self.address, "SELECT datname FROM pg_database")
        return [name for (name,) in found if name.startswith(prefix)]

    def contents(self, name: str) -> list[str]:
        return [what for what, _drop in self._contents(name)]

    def empty(self, name: str) -> None:
        import psycopg

        with connected(replace(self.address, database=name)) as cursor:
            for what, drop in self._contents(name):
                try:
                    cursor.execute(drop)
                except psycopg.Error as error:
                    raise TargetError(f"cannot drop {what}: {_one_line(error)}") from error

    def _contents(self, name: str) -> list[tuple[str, str]]:
        """Everything in a database that PostgreSQL does not put there, and how it is dropped."""
        return _rows(replace(self.address, database=name), CONTENTS)

    def _execute(self, statement: str, database: str = "") -> None:
        where = replace(self.address, database=database) if database else self.address
        with self._told(statement.partition(' "')[0]), connected(where) as cursor:
            cursor.execute(statement)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what PostgreSQL says of a statement into a TargetError."""
        import psycopg

        user = self.address.user
        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise TargetError(
                f'user {user} may not make databases of its own; grant it with ALTER ROLE "{user}" '
                "CREATEDB, or give an empty database with --database NAME"
            ) from error
        except psycopg.Error as error:
            raise TargetError(f"{what} failed: {_one_line(error)}") from error

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._stack.close()
        if self.process is not None:
            self.process.stop()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _rows(found: Address, query: LiteralString) -> list[Any]:
    """What a query answers. Raises TargetError."""
    import psycopg

    try:
        with connected(found) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except psycopg.Error as error:
        raise TargetError(f"{found.where} did not answer: {_one_line(error)}") from error


@contextlib.contextmanager
def connected(found: Address) -> Iterator[Any]:
    """A cursor of a connection of its own, which is cut after `TIMEOUT`. Raises TargetError when
    the server refuses."""
    import psycopg

    try:
        connection = psycopg.connect(
            host=found.host,
            hostaddr="",  # or PGHOSTADDR would name another server
            port=found.port,
            user=found.user,
            password=found.password,
            dbname=found.database or "postgres",
            connect_timeout=CONNECT_TIMEOUT,
            autocommit=True,
            **dict[str, Any](found.options),
        )
    except psycopg.Error as error:
        raise TargetError(
            f"cannot connect to {found.where} as {found.user}: {_one_line(error)}"
        ) from error
    with (
        contextlib.closing(connection),
        _cut_after(TIMEOUT, connection),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}s'")
        yield cursor


@contextlib.contextmanager
def _cut_after(seconds: float, connection: Any) -> Iterator[None]:
    """Cut the connection when the block takes longer: what waits for an answer then fails."""
    held = socket.socket(fileno=os.dup(connection.fileno()))

    def cut() -> None:
        with contextlib.suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        held.close()


def identify(cursor: Any) -> Identity:
    """What the server says of itself. Raises TargetError for others that speak its protocol: they
    put a name of their own before or behind the number of the version."""
    cursor.execute("SELECT version()")
    said = cursor.fetchone()[0]
    if not re.match(r"PostgreSQL \d+(\.\d+)*(devel|(beta|rc)\d+)? ", said) or "Redshift" in said:
        raise TargetError(f"the server is not PostgreSQL: its version is {said}")
    return Identity(said.partition(" on ")[0])


# -- an external server ---------------------------------------------------------------------------


def _external(environment: Mapping[str, str], series: str) -> tuple[Offer | None, list[str]]:
    """The first server that the variable names, of a series where one is wanted; and what is to be
    said of the others."""
    value = environment.get(VARIABLE, "")
    try:
        found = addresses(VARIABLE, value, ("postgresql", "postgres"), 5432, OPTIONS)
    except UrlError as error:
        return Offer(problem=str(error)), []

    def each(one: Address) -> tuple[str, Callable[[], Identity], Offer]:
        offer = Offer("external", one.where, start=lambda folder: PostgreSQL(one))
        return one.where, lambda: PostgreSQL(one).identity, offer

    return asked(map(each, found), series, SERIES_NUMBERS)


def share(server: PostgreSQL) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: url("postgresql", server.address)}


# -- a server of our own --------------------------------------------------------------------------


def programs(environment: Mapping[str, str], series: str = "") -> Path | None:
    """The folder with initdb and postgres: that POSTGRES names, on PATH, else the newest that
    Debian has; with `series`, the first of that one. Raises TargetError."""
    named = [Path(path).resolve().parent for path in named_programs("POSTGRES", environment)]
    on_path = shutil.which("initdb", path=environment.get("PATH", ""))
    versions = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdecimal()]
    newest_first = sorted(versions, key=lambda folder: -int(folder.parent.name))
    # A link on PATH leads to where its postgres is.
    found = named or ([Path(on_path).resolve().parent] if on_path else []) + newest_first
    whole = [f for f in found if shutil.which(f / "initdb") and shutil.which(f / "postgres")]
    path = of_series([str(folder / "postgres") for folder in whole], series, SERIES_NUMBERS)
    return Path(path).parent if path else None


def _start(programs: Path, port: int, folder: Path) -> PostgreSQL:
    user = unprivileged("postgres")
    found = Address("127.0.0.1", port, "postgres", secrets.token_hex(16), "", {})
    data = private_folder(folder / "data", user)
    password = private_file(folder / "password", found.password, user)
    make_data = [str(programs / "initdb"), f"--pgdata={data}", "--username=postgres"]
    make_data += [f"--pwfile={password}", "--auth=password", "--encoding=UTF8"]
    make_data += [f"--locale={COLLATION}", "--no-sync", "--no-instructions"]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1"]
    # No socket in a folder that others share; and nobody needs the data after a power cut.
    # What it shares lies in its folder, too: one that is killed removes nothing from /dev/shm.
    for setting in (
        "unix_socket_directories=",
        "fsync=off",
        "full_page_writes=off",
        "dynamic_shared_memory_type=mmap",
    ):
        command += ["-c", setting]
    process = ServerProcess(
        command,
        folder,
        before=[make_data],
        user=user,
        stop=signal.SIGQUIT,
        environment=libraries(command[0]),
    )
    return _serving(found, process)


def _start_container(image: str) -> PostgreSQL:
    password = secrets.token_hex(16)
    container = Container(Image(image, 5432, {"POSTGRES_PASSWORD": password}))
    return _serving(Address("127.0.0.1", container.port, "postgres", password, "", {}), container)


def _serving(found: Address, process: Started) -> PostgreSQL:
    """What was started, when it answers. Raises TargetError."""
    try:
        process.wait_until(lambda: refusal(lambda: connected(found)))
        return PostgreSQL(found, process)
    except BaseException:
        process.stop()
        raise


def look(environment: Mapping[str, str], series: str = "") -> Offer:
    """The server that the environment names, else one of our own."""
    try:
        import psycopg
    except ImportError:
        return Offer(problem="psycopg is not installed: pip install 'crossnotes[postgresql]'")
    del psycopg
    offer, others = _external(environment, series)
    if offer is not None:
        return offer
    try:
        found = programs(environment, series)
    except TargetError as error:
        return Offer(problem=str(error))
    if found is None:
        image = f"postgres:{series}" if series else IMAGE
        wanted = f"of PostgreSQL {series} " if series else ""
        told = f"set {VARIABLE} to a server {wanted}".rstrip()
        own = "install initdb and postgres (Debian: postgresql), or name its postgres in POSTGRES"
        return containers.offer(image, lambda folder: _start_container(image)) or Offer(
            problem="; ".join([*others, f"{told}, or {own}", containers.no_engine()])
        )
    return from_binary(str(found / "postgres"), lambda port, folder: _start(found, port, folder))


TARGETS = [
    Target(
        "postgresql",
        "PostgreSQL",
        ENGINE,
        DRIVER,
        look,
        share=share,
        series_numbers=SERIES_NUMBERS,
        releases=RELEASES,
        dbapi="crossnotes.child.drivers.postgresql",
    )
]
