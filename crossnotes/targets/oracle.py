"""Oracle: by CROSSNOTES_ORACLE_URL, or Docker. Without a server, what needs none is compiled.

What Django calls a database is a user there, with the tables that are his.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crossnotes.targets import (
    Database,
    Identity,
    Offer,
    Renewed,
    Target,
    TargetError,
    Where,
    containers,
)
from crossnotes.targets.containers import Container, Image
from crossnotes.targets.external import Address, UrlError, addresses, asked, url
from crossnotes.targets.process import Started, refusal, where_of

ENGINE = "django.db.backends.oracle"
DRIVER = "oracledb"
VARIABLE = "CROSSNOTES_ORACLE_URL"
CONNECT_TIMEOUT = 15
#: Seconds in which a statement of ours has to be answered.
TIMEOUT = 60

#: The version that is compiled for, which is that of the image.
COMPILED_FOR = (23, 0, 0, 0, 0)
IMAGE = "gvenzl/oracle-free:23.8-slim-faststart"
#: The image of a series; there are free ones of some only.
IMAGES = {"21": "gvenzl/oracle-xe:21.3.0-slim-faststart", "23": IMAGE}

#: A series is one number (https://www.oracle.com/database/technologies/), of those that Django
#: works with.
SERIES_NUMBERS = 1
RELEASES = ("19", "21", "23")

#: What a user needs to have tables of his own, and Django's tests of a model.
RIGHTS = (
    "CREATE SESSION, CREATE TABLE, CREATE SEQUENCE, CREATE VIEW, CREATE MATERIALIZED VIEW, "
    "CREATE TRIGGER, CREATE PROCEDURE, CREATE TYPE, UNLIMITED TABLESPACE"
)

#: ORA-01031: insufficient privileges; ORA-41900: the same, with the privilege's name (23ai).
_NO_RIGHT = ("ORA-01031", "ORA-41900")


def _database(name: str, found: Address, password: str) -> Database:
    """A user as Django's settings name him: without a HOST, NAME is an Easy Connect string."""
    dsn = f"{found.where}/{found.database}"
    django = {"ENGINE": ENGINE, "NAME": dsn, "USER": name, "PASSWORD": password}
    facts = {"engine": ENGINE, "host": "", "port": "", "user": name, "password": password}
    return Database(name, django, {**facts, "database": dsn, "ca": ""})


class Oracle(Renewed):
    """A server that answers; `process` is set for one that this run started."""

    def __init__(self, found: Address, process: Started | None = None) -> None:
        self.address = found
        self.process = process
        #: Of all users that the run makes.
        self.password = f"C{secrets.token_hex(12)}"
        with connected(found) as cursor:
            self.identity = replace(identify(cursor), where=where_of(process))

    @property
    def secrets(self) -> tuple[str, ...]:
        # Programs connect as users of the run's own.
        return (self.password,)

    @property
    def ordinary(self) -> tuple[str, ...]:
        return (self.address.host, self.address.user)

    def create_database(self, name: str) -> Database:
        self._execute(f'CREATE USER {name} IDENTIFIED BY "{self.password}"')
        self._execute(f"GRANT {RIGHTS} TO {name}")
        return _database(name, self.address, self.password)

    def drop_database(self, database: Database) -> None:
        if database.name in self.databases(database.name):
            self._execute(f"DROP USER {database.name} CASCADE")

    def databases(self, prefix: str) -> list[str]:
        with connected(self.address) as cursor:
            cursor.execute("SELECT LOWER(username) FROM all_users")
            return [name for (name,) in cursor.fetchall() if name.startswith(prefix)]

    def _execute(self, statement: str) -> None:
        import oracledb

        try:
            with connected(self.address) as cursor:
                cursor.execute(statement)
        except oracledb.Error as error:
            user = self.address.user
            what = " ".join(statement.split()[:2])
            if any(code in str(error) for code in _NO_RIGHT):
                raise TargetError(
                    f"user {user} may not make users, which are Oracle's databases; grant it with "
                    f"GRANT CREATE USER, DROP USER, {RIGHTS} TO {user} WITH ADMIN OPTION"
                ) from error
            # The statement has a password in it, and the server's words may repeat it.
            words = str(error).replace(self.password, "********").splitlines()[0]
            raise TargetError(f"{what} failed: {words}") from error

    def close(self) -> None:
        if self.process is not None:
            self.process.stop()


@contextlib.contextmanager
def connected(found: Address) -> Iterator[Any]:
    """A cursor of a connection of its own. Raises TargetError when the server refuses."""
    import oracledb

    try:
        connection = oracledb.connect(
            user=found.user,
            password=found.password,
            host=found.host,
            port=found.port,
            service_name=found.database,
            tcp_connect_timeout=CONNECT_TIMEOUT,
            retry_count=0,
        )
    except oracledb.Error as error:
        words = str(error).splitlines()[0]
        raise TargetError(f"cannot connect to {found.where} as {found.user}: {words}") from error
    connection.call_timeout = TIMEOUT * 1000
    with contextlib.closing(connection), connection.cursor() as cursor:
        yield cursor


def identify(cursor: Any) -> Identity:
    """What the server says of itself, which nothing else than an Oracle does over its protocol."""
    cursor.execute("SELECT product, version_full FROM product_component_version")
    products = dict(cursor.fetchall())
    for product, version in products.items():
        if product.startswith("Oracle"):
            return Identity(f"{product.strip()} {version}")
    raise TargetError(f"the server is not Oracle: its version is {', '.join(products)}")


def _start_container(image: str) -> Oracle:
    password = f"C{secrets.token_hex(12)}"
    container = Container(Image(image, 1521, {"ORACLE_PASSWORD": password}))
    found = Address("127.0.0.1", container.port, "system", password, "FREEPDB1", {})
    try:
        container.wait_until(lambda: refusal(lambda: connected(found)))
        return Oracle(found, container)
    except BaseException:
        container.stop()
        raise


# -- without a server -----------------------------------------------------------------------------


class NoServer(Renewed):
    """Takes the place of a server for blocks that are only compiled."""

    identity = Identity("", where=Where("compiled"))
    secrets: tuple[str, ...] = ()
    ordinary: tuple[str, ...] = ()

    def create_database(self, name: str) -> Database:
        return _database(name, Address("nowhere", 1521, "", "", "none", {}), "")

    def drop_database(self, database: Database) -> None:
        """There is none."""

    def databases(self, prefix: str) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing runs."""


class _NoConnection:
    """What Django has for a connection meanwhile; whatever asks it for something needs a server."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("this needs a server, and a block marked :compiled: has none")


def compile_only(connection: Any) -> None:
    """Give a Django connection what it would ask the server for, so that it compiles SQL as it
    does inside of a transaction, and refuses all else."""
    connection.__dict__["oracle_version"] = COMPILED_FOR
    # A server whose character set is Unicode has these.
    connection.operators = connection._standard_operators
    connection.pattern_ops = connection._standard_pattern_ops
    connection.connection = _NoConnection()
    connection.autocommit = False
    connection.in_atomic_block = True
    connection.features.uses_savepoints = False
    # Not after the age of CONN_MAX_AGE either: nothing can be closed or made anew.
    connection.close = lambda: None


# -- where it comes from --------------------------------------------------------------------------


def _external(environment: Mapping[str, str], series: str) -> tuple[Offer | None, list[str]]:
    """The first server that the variable names, of a series where one is wanted; and what is to be
    said of the others."""
    try:
        found = addresses(VARIABLE, environment.get(VARIABLE, ""), ("oracle",), 1521, {})
    except UrlError as error:
        return Offer(problem=str(error)), []
    if any(not one.database for one in found):
        problem = f"{VARIABLE} names no service; write oracle://…@host:1521/SERVICE"
        return Offer(problem=problem), []

    def each(one: Address) -> tuple[str, Callable[[], Identity], Offer]:
        offer = Offer("external", one.where, start=lambda folder: Oracle(one))
        return one.where, lambda: Oracle(one).identity, offer

    return asked(map(each, found), series, SERIES_NUMBERS)


def share(server: Oracle) -> Mapping[str, str]:
    """How another process finds the server."""
    return {VARIABLE: url("oracle", server.address)}


def look(environment: Mapping[str, str], series: str = "") -> Offer:
    """The server that the environment names, or one in a container; else a compiler."""
    try:
        import oracledb
    except ImportError:
        return Offer(problem="oracledb is not installed: pip install 'crossnotes[oracle]'")
    del oracledb
    offer, others = _external(environment, series)
    image = IMAGES.get(series, IMAGE)
    if offer := offer or containers.offer(image, lambda folder: _start_container(image)):
        return offer
    wanted = f"of Oracle {series} " if series else ""
    told = f"set {VARIABLE} to a server {wanted}".rstrip()
    return Offer(
        problem="; ".join(
            [
                *others,
                told,
                containers.no_engine(),
                "without one, blocks marked :compiled: are compiled, not run",
            ]
        ),
        compiler=None if series else NoServer,
    )


TARGETS = [
    Target(
        "oracle",
        "Oracle",
        ENGINE,
        DRIVER,
        look,
        share=share,
        compile_only=compile_only,
        series_numbers=SERIES_NUMBERS,
        releases=RELEASES,
        dbapi="crossnotes.child.drivers.oracle",
    )
]
