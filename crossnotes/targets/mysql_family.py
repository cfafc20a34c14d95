"""What MySQL, MariaDB and TiDB share: the protocol, the client library, and much of the SQL."""

from __future__ import annotations

import contextlib
import re
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crossnotes.targets import Database, Identity, Offer, TargetError, containers, mysql_clean
from crossnotes.targets.containers import Container, Image
from crossnotes.targets.external import Address, UrlError, addresses, asked, over_tcp, url
from crossnotes.targets.mysql_clean import MySQLCaretaker
from crossnotes.targets.process import (
    ServerProcess,
    Started,
    from_binary,
    private_file,
    private_folder,
    refusal,
    unprivileged,
    where_of,
)

ENGINE = "django.db.backends.mysql"
DRIVER = "mysqlclient"
CONNECT_TIMEOUT = 15
#: Seconds in which a statement of ours has to be answered, and those of them that it may wait for
#: what others have locked. A server that is stopped would never answer.
TIMEOUT = 60
LOCK_TIMEOUT = 20

#: MySQL, MariaDB and TiDB count their series by two numbers.
SERIES_NUMBERS = 2

INSTALL = "pip install 'crossnotes[mysql]'"

#: The options of a URL, which are those of the command line clients.
OPTIONS = {"ssl-mode": "text", "ssl-ca": "file", "ssl-cert": "file", "ssl-key": "file"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who connects, and to where. Without `ca` and `ssl_mode` the connection is in cleartext."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca: str = ""
    ssl_mode: str = ""
    cert: str = ""
    key: str = ""

    @property
    def tls(self) -> dict[str, Any]:
        """The client's options. A `ca` alone would not verify the server's name."""
        files = {"ca": self.ca, "cert": self.cert, "key": self.key}
        named = {name: path for name, path in files.items() if path}
        mode = self.ssl_mode or ("VERIFY_IDENTITY" if self.ca else "")
        return ({"ssl_mode": mode} if mode else {}) | ({"ssl": named} if named else {})


@contextlib.contextmanager
def connected(account: Account) -> Iterator[Any]:
    """A cursor of a connection of its own, whose statements take `TIMEOUT` at most. Raises
    TargetError when the server refuses, or another one than that of the port answers."""
    import MySQLdb

    try:
        connection = MySQLdb.connect(
            host=account.host,
            port=account.port,
            user=account.user,
            password=account.password,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=TIMEOUT,
            write_timeout=TIMEOUT,
            charset="utf8mb4",
            autocommit=True,
            **account.tls,
        )
    except MySQLdb.Error as error:
        raise TargetError(
            f"cannot connect to {account.host}:{account.port} as {account.user}: {error}"
        ) from error
    with contextlib.closing(connection), connection.cursor() as cursor:
        way = connection.get_host_info()
        if "TCP/IP" not in way:
            cursor.execute("SELECT @@port, VERSION()")
            port, version = cursor.fetchone()
            raise TargetError(
                f"{account.host}:{account.port} was asked, and the server of port {port} answered "
                f"({version}, {way}); name the host by its address, such as 127.0.0.1"
            )
        # Not every server of the family has it.
        with contextlib.suppress(MySQLdb.Error):
            cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT}")
        yield cursor


class FamilyServer:
    """A server that answers; `process` is set for one that this run started."""

    engine = ENGINE
    copies = False
    #: Whether the deployment's contract wants a session to be encrypted.
    encrypted = False

    def __init__(
        self, account: Account, identity: Identity, process: Started | None = None
    ) -> None:
        self.account = account
        self.identity = identity
        self.process = process
        #: Whom programs connect as.
        self.pages = account
        self._stack = contextlib.ExitStack()
        self._standing: Any = None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.pages.password,) if self.pages.password else ()

    @property
    def ordinary(self) -> tuple[str, ...]:
        return (self.pages.host, self.pages.user)

    def create_database(self, name: str) -> Database:
        self._execute([f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4"])
        return self.database(name)

    def database(self, name: str) -> Database:
        account = self.pages
        return Database(
            name,
            {
                "ENGINE": self.engine,
                "HOST": account.host,
                "PORT": str(account.port),
                "USER": account.user,
                "PASSWORD": account.password,
                "NAME": name,
                "OPTIONS": {"charset": "utf8mb4", **account.tls},
            },
            {
                "host": account.host,
                "port": str(account.port),
                "user": account.user,
                "password": account.password,
                "database": name,
                "ca": account.ca,
                **self.more_facts(),
            },
            encrypted=self.encrypted,
        )

    def more_facts(self) -> Mapping[str, str]:
        """Facts that not every server of the family gives."""
        return {"engine": self.engine}

    def drop_database(self, database: Database) -> None:
        # A program that was killed, or left a process behind, may hold locks in it.
        self._end_sessions_in(database.name)
        self._execute([f"DROP DATABASE IF EXISTS `{database.name}`"])

    def caretaker(self, database: Database) -> MySQLCaretaker:
        return MySQLCaretaker(connected(self.pages), database.name)

    def copy(self, database: Database, name: str) -> Database:
        raise NotImplementedError

    def confine(self, name: str, database: str = "") -> None:
        import MySQLdb

        pages = replace(self.account, user=self._own_name(name), password=secrets.token_hex(16))
        own, test = (f"{mysql_clean.pattern(each)}\\_%%" for each in (name, f"test_{name}"))
        granted = [own, test, *([mysql_clean.pattern(database)] if database else [])]
        try:
            with connected(self.account) as cursor:
                self._drop_user(cursor, pages.user)
                cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (pages.user, pages.password))
                # As a server tells an unknown database from one of others only to those who may
                # do something in any; what it makes ends with the session.
                cursor.execute("GRANT CREATE TEMPORARY TABLES ON *.* TO %s@'%%'", (pages.user,))
                for databases in granted:
                    cursor.execute(
                        f"GRANT ALL PRIVILEGES ON `{databases}`.* TO %s@'%%'", (pages.user,)
                    )
        except MySQLdb.Error as error:
            with contextlib.suppress(MySQLdb.Error), connected(self.account) as cursor:
                self._drop_user(cursor, pages.user)
            self._refuse_rights(error, database)
        else:
            self.pages = pages

    def _own_name(self, name: str) -> str:
        """An account of this name; a Serverless cluster takes only those with its prefix."""
        prefix, dot, _ = self.account.user.rpartition(".")
        return f"{prefix}{dot}{name}"

    @staticmethod
    def _drop_user(cursor: Any, user: str) -> None:
        cursor.execute("DROP USER IF EXISTS %s@'%%'", (user,))

    def _refuse_rights(self, error: Exception, database: str) -> None:
        """Raise TargetError where the account that there is may do more than a page needs."""
        with connected(self.account) as cursor:
            cursor.execute("SHOW GRANTS")
            grants = [str(row[0]) for row in cursor.fetchall()]
        if too_many := [grant for grant in grants if mysql_clean.reaches_others(grant, database)]:
            raise TargetError(
                f"user {self.account.user} has rights that a page does not need "
                f"({'; '.join(too_many)}), and may not make an account with fewer: {error}. Grant "
                "it CREATE USER and GRANT OPTION, name a user that has rights on "
                "`crossnotes\\_%`.* and `test\\_crossnotes\\_%`.* alone, or add --trust-pages for "
                "pages that you trust"
            ) from error

    def renew(self) -> None:
        import MySQLdb

        if self.pages is self.account:
            return
        found = self.pages.user, self.pages.password
        try:
            self._after_program(
                lambda cursor: cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", found)
            )
        except MySQLdb.Error as error:
            raise TargetError(f"ALTER USER failed: {error}") from error

    def release(self, name: str) -> None:
        import MySQLdb

        self.pages = self.account
        try:
            with connected(self.account) as cursor:
                self._drop_user(cursor, self._own_name(name))
        except MySQLdb.Error as error:
            if error.args and error.args[0] not in (1044, 1142, 1227, 8121):
                raise TargetError(f"DROP USER failed: {error}") from error

    def settings(self) -> Mapping[str, str]:
        found: dict[str, str] = self._after_program(lambda c: dict(mysql_clean.settings(c)))
        return found

    def _after_program(self, action: Callable[[Any], Any]) -> Any:
        """What an action gives that is done after each program, with a cursor that stays."""
        import MySQLdb

        if self._standing is None:
            self._standing = self._stack.enter_context(connected(self.account))
        try:
            return action(self._standing)
        except MySQLdb.Error:
            # A program may have ended it; or the server is gone, which a new one tells.
            self._standing = None
            with connected(self.account) as cursor:
                return action(cursor)

    def put_back(self, name: str, value: str | None) -> bool:
        import MySQLdb

        kind, _, what = name.partition(" ")
        if kind != "variable" or value is None:
            return False
        quoted = value if re.fullmatch(r"-?\d+(\.\d+)?", value) else "%s"
        with connected(self.account) as cursor, contextlib.suppress(MySQLdb.Error):
            cursor.execute(f"SET GLOBAL {what} = {quoted}", (value,) if quoted == "%s" else None)
            return True
        return False

    def _end_sessions_in(self, name: str) -> None:
        """End the connections whose database it is, as far as we may: those of our user."""
        query = "SELECT id FROM information_schema.processlist WHERE db = %s"
        for (number,) in self._rows(query, (name,)):
            with contextlib.suppress(TargetError):  # it has ended, or is another user's
                self._execute([f"KILL {int(number)}"])

    def databases(self, prefix: str) -> list[str]:
        found = self._rows("SELECT schema_name FROM information_schema.schemata")
        return [name for (name,) in found if name.startswith(prefix)]

    def contents(self, name: str) -> list[str]:
        if name not in self.databases(name):
            raise TargetError(f"there is no database {name} that {self.account.user} may use")
        return [f"{kind} {each}" for kind, each, _ in self._contents(name)]

    def empty(self, name: str) -> None:
        # What refers to what does not matter any more.
        drop = [drop for _, _, drop in self._contents(name)]
        self._execute(["SET FOREIGN_KEY_CHECKS = 0", *drop])

    def _contents(self, name: str) -> list[tuple[str, str, str]]:
        """Everything in a database: what DROP calls it, its name, and how it is dropped."""
        with connected(self.account) as cursor:
            return list(mysql_clean.contents(cursor, name))

    def _rows(self, query: str, values: tuple[str, ...] | None = None) -> list[Any]:
        import MySQLdb

        try:
            with connected(self.account) as cursor:
                cursor.execute(query, values)
                return list(cursor.fetchall())
        except MySQLdb.Error as error:
            where = f"{self.account.host}:{self.account.port}"
            raise TargetError(f"{where} did not answer: {_in_words(error)}") from error

    def _execute(self, statements: Sequence[str]) -> None:
        import MySQLdb

        statement = ""
        try:
            with connected(self.account) as cursor:
                for statement in statements:
                    cursor.execute(statement)
        except MySQLdb.Error as error:
            if error.args and error.args[0] in (1044, 1142, 8121):
                raise TargetError(
                    f"user {self.account.user} may not make databases of its own; grant it with "
                    f"GRANT ALL PRIVILEGES ON `crossnotes\\_%`.* TO '{self.account.user}', or give "
                    "an empty database with --database NAME"
                ) from error
            raise TargetError(
                f"{statement.split('`')[0].strip()} failed: {_in_words(error)}"
            ) from error

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._stack.close()
        if self.process is not None:
            self.process.stop()


def _in_words(error: Exception) -> str:
    """An error of the client, and what it means where its words do not say."""
    number = error.args[0] if error.args else 0
    if number == 1205:
        return f"another session has locked something in it for {LOCK_TIMEOUT} s ({error}); end it"
    if number in (2006, 2013):
        return f"the server went away, or did not answer in {TIMEOUT} s: {error}"
    return str(error)


# -- what it is -----------------------------------------------------------------------------------


def product(cursor: Any) -> tuple[str, str]:
    """What the server is (`TiDB`, `MariaDB` or `MySQL`), and its version in its own words.

    The product is proved by what only it does, whatever the version claims: only a TiDB knows
    TIDB_VERSION(), and only a MariaDB executes what stands in an `/*M!` comment.
    """
    import MySQLdb

    cursor.execute("SELECT VERSION(), 1 /*M! + 1 */")
    version, executed = cursor.fetchone()
    if executed == 2:
        return "MariaDB", version
    try:
        cursor.execute("SELECT TIDB_VERSION()")
    except MySQLdb.Error:
        return "MySQL", version
    return "TiDB", version


def identify(cursor: Any, wanted: str) -> Identity:
    """What the server says of itself. Raises TargetError if it is not a `wanted`, or says that it
    is something else than it is."""
    found, version = product(cursor)
    claims = next((name for name in ("TiDB", "MariaDB") if name in version), "MySQL")
    if found != wanted or claims != wanted:
        other = f" is {found}" if found != wanted else " claims to be something else"
        raise TargetError(f"the server is not {wanted}: it{other}, {version}")
    cursor.execute("SELECT @@port")
    return Identity(version, port=int(cursor.fetchone()[0]))


def no_driver() -> Offer | None:
    """The Offer of a target without its client library; None where it is there."""
    try:
        import MySQLdb
    except ImportError as error:
        return Offer(problem=f"{error.name} is not installed: {INSTALL}")
    del MySQLdb
    return None


# -- an external server ---------------------------------------------------------------------------


def external(
    environment: Mapping[str, str],
    variable: str,
    schemes: Sequence[str],
    wanted: str,
    series: str = "",
) -> tuple[Offer | None, list[str]]:
    """The first server that a variable names, of a series where one is wanted; and what is to be
    said of the others."""
    try:
        found = addresses(variable, environment.get(variable, ""), schemes, 3306, OPTIONS)
    except UrlError as error:
        return Offer(problem=str(error)), []

    def each(one: Address) -> tuple[str, Callable[[], Identity], Offer]:
        account = _account(one)
        offer = Offer("external", one.where, start=lambda folder: serving(account, wanted))
        return one.where, lambda: serving(account, wanted).identity, offer

    return asked(map(each, found), series, SERIES_NUMBERS)


def _account(found: Address) -> Account:
    return Account(
        over_tcp(found.host),
        found.port,
        found.user,
        found.password,
        found.options.get("ssl-ca", ""),
        found.options.get("ssl-mode", ""),
        found.options.get("ssl-cert", ""),
        found.options.get("ssl-key", ""),
    )


def url_of(account: Account, scheme: str) -> str:
    """The URL by which another process finds the same server."""
    given = {
        "ssl-mode": account.ssl_mode,
        "ssl-ca": account.ca,
        "ssl-cert": account.cert,
        "ssl-key": account.key,
    }
    options = {name: value for name, value in given.items() if value}
    return url(
        scheme,
        Address(account.host, account.port, account.user, account.password, "", options),
    )


def serving(account: Account, wanted: str, process: Started | None = None) -> FamilyServer:
    """A server that answers, and is what is wanted. Raises TargetError."""
    with connected(account) as cursor:
        identity = identify(cursor, wanted)
    return FamilyServer(account, replace(identity, where=where_of(process)), process)


# -- a server of our own --------------------------------------------------------------------------

#: Data that nobody needs after a power cut is not waited for; everything else is as it comes.
_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-use-native-aio=0",
    "--skip-name-resolve",
    "--bind-address=127.0.0.1",
    # Below the data folder, for the path of a socket may not be long.
    "--socket=server.sock",
)


@dataclass(frozen=True, slots=True)
class Binary:
    """How a server of the family is started: its program, what makes its data (given the options
    that both take), and options of its own."""

    program: str
    wanted: str
    make_data: Sequence[str]
    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def offer(found: Binary) -> Offer:
    """The server that a program of this machine starts."""
    return from_binary(found.program, lambda port, folder: started(found, port, folder))


def started(binary: Binary, port: int, folder: Path) -> FamilyServer:
    """Start a server with data of its own. Raises TargetError."""
    user = unprivileged("mysql")
    account = Account("127.0.0.1", port, "root", secrets.token_hex(16))
    data = private_folder(folder / "data", user)
    accounts = private_file(folder / "accounts.sql", _ACCOUNTS.format(account.password), user)
    # Its own, for a TMPDIR of ours may be closed to it.
    temporary = private_folder(folder / "temporary", user)
    both = ["--no-defaults", f"--datadir={data}", f"--tmpdir={temporary}"]
    both += [f"--user={user}"] if user else []
    command = [binary.program, *both, f"--port={port}", f"--init-file={accounts}"]
    process = ServerProcess(
        [*command, *_OPTIONS, *binary.options],
        folder,
        before=[[binary.make_data[0], *both, *binary.make_data[1:]]],
        # Its data goes with it, and to write it down would take seconds.
        stop=signal.SIGKILL,
        environment=binary.environment,
    )
    return _when_it_answers(account, binary.wanted, process)


def in_container(image: str, wanted: str, prefix: str) -> Offer | None:
    """A server in a container of the official image, whose variables begin with `prefix`; None
    where no Docker runs."""

    def start(folder: Path) -> FamilyServer:
        password = secrets.token_hex(16)
        environment = {f"{prefix}_ROOT_PASSWORD": password}
        container = Container(Image(image, 3306, environment))
        account = Account("127.0.0.1", container.port, "root", password)
        return _when_it_answers(account, wanted, container)

    return containers.offer(image, start)


def _when_it_answers(account: Account, wanted: str, process: Started) -> FamilyServer:
    try:
        process.wait_until(lambda: refusal(lambda: connected(account)))
        return serving(account, wanted, process)
    except BaseException:
        process.stop()
        raise


#: One statement a line. Without names resolved, 127.0.0.1 is not localhost.
_ACCOUNTS = """\
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '{0}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '{0}';
"""
