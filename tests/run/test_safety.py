"""External servers on which somebody has data: a run leaves them as they were, however it ends."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossnotes import folders
from crossnotes.result import NEEDS_RIGHTS
from crossnotes.run.cleanup import DeadRuns, Registration
from crossnotes.targets import Server

from ..conftest import LiveServers, Repository, command, processes_with, wait_for_end
from ..targets.test_live import TARGETS, databases, root_of
from . import hostile

SOMEBODYS = ("somebodys", "somebodys_2", "somebodys_3")
TABLES = [f"table_{number}" for number in range(20)]


def execute(server: Server, *statements: str, database: str = "") -> None:
    with root_of(server, database) as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def server(live: LiveServers, target: str) -> Iterator[Server]:
    """A server with twenty tables of somebody, in a database and beside it."""
    server = live.server(target)
    utf8 = "" if target == "postgresql" else " CHARACTER SET utf8mb4"
    for database in (*SOMEBODYS, "given"):
        execute(server, f"CREATE DATABASE {database}{utf8}")
    for database in SOMEBODYS:
        statements = [
            statement
            for number, table in enumerate(TABLES)
            for statement in (
                f"CREATE TABLE {table} (id int PRIMARY KEY, words varchar(40), amount "
                "decimal(9, 2))",
                f"INSERT INTO {table} VALUES (1, 'one {number}', 1.5), (2, NULL, {number})",
            )
        ]
        execute(server, *statements, database=database)
    yield server
    for database in (*SOMEBODYS, "given"):
        execute(server, f"DROP DATABASE IF EXISTS {database}")


def sums(server: Server) -> list[Any]:
    """The schema and the rows of all that somebody has."""
    found: list[Any] = []
    for database in SOMEBODYS:
        columns = "SELECT table_name, column_name, data_type FROM information_schema.columns"
        with root_of(server, database) as cursor:
            schema = "public" if "psycopg" in type(cursor).__module__ else database
            cursor.execute(f"{columns} WHERE table_schema = '{schema}' ORDER BY 1, 2")
            found += cursor.fetchall()
            for table in TABLES:
                cursor.execute(f"SELECT * FROM {table} ORDER BY id")
                found += cursor.fetchall()
    assert len(found) == 3 * (3 * 20 + 2 * 20)
    return found


def leftovers() -> list[str]:
    return [str(path) for path in Path(tempfile.gettempdir()).iterdir()]


@pytest.fixture
def on(
    project: Repository,
    live: LiveServers,
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Repository:
    """A project whose runs have a folder for what is temporary to themselves."""
    live.server(target)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    project.environment = {"PATH": os.environ["PATH"], **live.environment(target)}
    return project


PAGE = "---\ncrossnotes: {}\n---\n```python\n%s\n```\n"
MAKES_NOTES = "from notes.models import Note\nNote.objects.create(text='a')"

pytestmark = pytest.mark.parametrize("target", TARGETS)


# -- however a run ends ---------------------------------------------------------------------------


def test_data_of_others_is_as_it_was_after_a_run(
    on: Repository, server: Server, target: str
) -> None:
    before = sums(server)
    on.page(PAGE % MAKES_NOTES, "a.md")
    on.page(PAGE % "raise SystemExit", "b.md")
    assert [r.status for r in on.run(target=target).results] == ["passed", "failed"]
    assert sums(server) == before
    assert databases(server) == []


#: Sends a statement as a page of its target would, to another database where it says so.
SENDS = """
from django.db import connection
place, _, statement = {statement!r}.rpartition(": ")
if place:
    connection.settings_dict["NAME"] = place.removeprefix("IN ")
for part in statement.split("; "):
    connection.cursor().execute(part)
"""


def test_page_cannot_change_a_server_of_others(on: Repository, server: Server, target: str) -> None:
    statements = hostile.STATEMENTS[target]
    before = sums(server), server.settings()
    for number, statement in enumerate(statements):
        code = SENDS.format(statement=statement)
        on.page(PAGE % code + "\n```python\nprint('after')\n```\n", f"{number:02}.md")
    done = on.run(target=target)
    assert (sums(server), server.settings()) == before
    assert len(statements) >= 40
    first = [result for result in done.results if result.index == 0]
    told = dict(zip(statements, first, strict=True))
    passed = [each for each, result in told.items() if result.status == "passed"]
    assert passed == hostile.HARMLESS[target]
    assert sum(result.reason == NEEDS_RIGHTS for result in first) > 20


def started(on: Repository, target: str, block: str) -> "subprocess.Popen[str]":
    """A run as a process of its own, in which a block runs that says so and goes on."""
    said = on.root / "said"
    on.page(PAGE % f"{MAKES_NOTES}\nopen({str(said)!r}, 'w').close()\n{block}")
    arguments = ["test", "docs", "--django", "project", "--target", target, "--ledger", "ledger"]
    run = subprocess.Popen(
        [sys.executable, "-m", "crossnotes", *arguments],
        cwd=on.root,
        env={**os.environ, **on.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not said.exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_drops_what_it_made(
    on: Repository, server: Server, target: str, number: signal.Signals
) -> None:
    before = sums(server)
    run = started(on, target, "import time; time.sleep(600)")
    assert databases(server)
    run.send_signal(number)
    out, _ = run.communicate()
    assert "Traceback" not in out
    assert databases(server) == []
    assert sums(server) == before
    assert leftovers() == []


def test_what_a_killed_run_left_is_dropped_by_the_next(
    on: Repository, server: Server, target: str
) -> None:
    before = sums(server)
    # A name like those of runs, of a run that nobody knows of.
    execute(server, "CREATE DATABASE crossnotes_0123456789_1")
    try:
        run = started(on, target, "import time; time.sleep(600)")
        (folder,) = leftovers()
        pids = processes_with(folder)
        assert run.stdout is not None
        run.kill()
        run.wait()
        run.stdout.close()
        for pid in pids:
            wait_for_end(pid)
        assert len(databases(server)) > 1
        assert Path(folder).exists()
        on.page(PAGE % "x = 1")
        assert on.run(target=target).failed is False
        assert databases(server) == ["crossnotes_0123456789_1"]
        assert leftovers() == []
        assert sums(server) == before
        assert list((folders.state() / "runs").iterdir()) == []
    finally:
        execute(server, "DROP DATABASE crossnotes_0123456789_1")


def test_run_that_lives_is_left_alone(on: Repository, server: Server, target: str) -> None:
    run = started(on, target, "import time; time.sleep(600)")
    mine = databases(server)
    folder = leftovers()
    on.page(PAGE % "x = 1", "b.md")
    on.page("x", "a.md")
    assert on.run(target=target).failed is False
    assert databases(server) == mine
    assert leftovers() == folder
    run.terminate()
    run.communicate()
    assert databases(server) == []


# -- a database that was given --------------------------------------------------------------------


def run_in(on: Repository, target: str, name: str, *more: str) -> Any:
    arguments = ["test", "docs", "--django", "project", "--target", target, "--database", name]
    return command(*arguments, *more, cwd=on.root, environment=on.environment)


def test_given_database_is_used_and_left_empty(on: Repository, server: Server, target: str) -> None:
    before = sums(server)
    view = (
        "from django.db import connection\nwith connection.cursor() as cursor:\n"
        "    cursor.execute('CREATE VIEW seen AS SELECT text FROM notes_note')"
    )
    on.page(f"```python\n{MAKES_NOTES}\n```\n", "a.md")
    on.page(PAGE % f"{MAKES_NOTES}\n{view}", "b.md")
    on.page(f"```python\n{MAKES_NOTES}\n```\n", "c.md")
    done = run_in(on, target, "given", "--json", "r.json")
    assert done.returncode == 0, done.stdout
    assert [r["status"] for r in on.json("r.json")["results"]] == ["passed"] * 3
    assert databases(server) == []
    assert sums(server) == before
    server_: Any = server
    assert server_.contents("given") == []


OBJECTS = {
    "postgresql": [
        "CREATE TABLE a (id serial PRIMARY KEY)",
        "CREATE TABLE b (a int REFERENCES a)",
        "CREATE MATERIALIZED VIEW c AS SELECT * FROM b",
        "CREATE SEQUENCE d",
        "CREATE SCHEMA e",
        "CREATE TABLE e.f (id int)",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE SQL AS 'SELECT 1'",
        "CREATE TYPE h AS ENUM ('one')",
        "CREATE DOMAIN i AS int",
        'CREATE TABLE "A ""quoted"" name" (j h)',
    ],
    "mariadb": [
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (a int, FOREIGN KEY (a) REFERENCES a (id))",
        "CREATE VIEW c AS SELECT * FROM b",
        "CREATE SEQUENCE d",
        "CREATE FUNCTION e() RETURNS int DETERMINISTIC RETURN 1",
        "CREATE PROCEDURE f() SELECT 1",
        "CREATE EVENT g ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
        "CREATE TRIGGER h BEFORE INSERT ON a FOR EACH ROW SET NEW.id = 1",
        "CREATE TABLE `A ``quoted`` name` (i int)",
    ],
}
OBJECTS["mysql"] = [each for each in OBJECTS["mariadb"] if "SEQUENCE" not in each]


def test_whatever_a_page_may_make_is_seen_and_dropped(server: Any, target: str) -> None:
    for statement in OBJECTS[target]:
        execute(server, statement, database="given")
        assert server.contents("given")
    for letter in "abcdefghi":
        others = ("trigger", "f") if target == "postgresql" else ("trigger", "h", "i", "d")
        if letter not in others:
            assert any(f" {letter}" in what.lower() for what in server.contents("given")), letter
    server.empty("given")
    assert server.contents("given") == []


def test_database_with_something_in_it_is_refused_and_left_as_it_was(
    on: Repository, server: Server, target: str
) -> None:
    before = sums(server)
    on.page(PAGE % MAKES_NOTES)
    done = run_in(on, target, SOMEBODYS[0])
    assert done.returncode == 1
    assert f"{target}: failed: database {SOMEBODYS[0]} is not empty: it holds " in done.stdout
    assert " and 17 more; give an empty one, " in done.stdout
    assert sums(server) == before


def test_database_that_is_not_there_is_told(on: Repository, server: Server, target: str) -> None:
    on.page(PAGE % MAKES_NOTES)
    done = run_in(on, target, "nowhere")
    assert done.returncode == 1
    assert "nowhere" in done.stdout
    assert "Traceback" not in done.stdout


# -- secrets --------------------------------------------------------------------------------------


def test_password_is_in_nothing_that_a_run_writes(
    on: Repository, live: LiveServers, target: str
) -> None:
    (password,) = live.server(target).secrets
    shows = (
        "from django.db import connection\nimport os\n"
        "print(connection.settings_dict)\nprint(sorted(os.environ.items()))\n"
        "raise ValueError(connection.settings_dict['PASSWORD'])"
    )
    on.page(PAGE % shows)
    on.page("```console\n$ env\n$ cat /proc/*/cmdline\n$ false\n```\n", "b.md")
    done = command(
        *("test", "docs", "--django", "project", "--target", target, "--ledger", "l"),
        *("--json", "r.json", "--junit", "j.xml"),
        cwd=on.root,
        environment=on.environment,
    )
    assert done.returncode == 1
    written = [on.root / name for name in (f"l/{target}.json", "r.json", "j.xml")]
    for text in (done.stdout, done.stderr, *(path.read_text() for path in written)):
        assert password not in text
    assert "********" in written[0].read_text()


# -- registrations --------------------------------------------------------------------------------


def test_run_of_another_machine_is_not_taken_for_dead(target: str, tmp_path: Path) -> None:
    folder = folders.state() / "runs"
    Registration("crossnotes_0000000000", tmp_path).end(left=True)
    (path,) = folder.iterdir()
    said = json.loads(path.read_text()) | {"machine": "another"}
    path.write_text(json.dumps(said))
    DeadRuns().close()
    assert path.exists()
    path.write_text("not JSON")
    DeadRuns().close()
    assert path.read_text() == "not JSON"
