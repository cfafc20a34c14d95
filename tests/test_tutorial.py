"""The tutorial, as its readers follow it: in every tab, and with mistakes put into it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crossnotes import config as configuration
from crossnotes import dialects
from crossnotes.book import Book, Source
from crossnotes.page import Problem
from crossnotes.reader import Dialect
from crossnotes.run import project as projects
from crossnotes.run.benches import Benches, opened
from crossnotes.run.driver import Driver, TargetRun
from crossnotes.targets import every_target
from crossnotes.targets.process import free_port

from .conftest import REPOSITORY, StandIns, failures

PAGE = "docs/connect-to-tidb-with-django.md"

#: What only a reader does: it needs the network, or is there already.
NOT_RUN = ["git clone ", "python3 -m venv "]


def with_free_ports(text: str) -> str:
    """The same lines on other ports, so that runs side by side need not wait for each other."""
    first, second = str(free_port()), str(free_port())
    text = text.replace("runserver\n", f"runserver {first}\n")
    return text.replace("127.0.0.1:8000", f"127.0.0.1:{first}").replace("8080", second)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository's settings, the project and the page, in a folder of their own."""
    root = tmp_path / "copy"
    ignored = shutil.ignore_patterns(*projects.LEFT_OUT)
    shutil.copytree(REPOSITORY / "snippets", root / "snippets", ignore=ignored)
    (root / "docs").mkdir()
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    (root / PAGE).write_text(with_free_ports(text), encoding="utf-8")
    return root


def in_short(text: str) -> str:
    """The same lines without what takes most of the time: pip, the servers, the look at one."""
    text = re.sub(r"\$ pip install .+", "$ true", text)
    text = re.sub(r":background: .+", ":skip: tested with the whole page", text)
    return re.sub(r">>> page = .+", '>>> page = "There are no players yet."', text)


def run(
    root: Path, target: str = "sqlite", environment: dict[str, str] | None = None
) -> tuple[TargetRun, list[Problem]]:
    """What the page did on a target, and what is wrong with it as a page."""
    book = Book(configuration.find(root))
    myst = dialects.myst_of(dialects.conf_folder(REPOSITORY / "docs", REPOSITORY))
    dialect = Dialect(book.config.show_only, frozenset(every_target()), myst)
    project = projects.find(root / "snippets")
    with opened(Benches(book.config, project, environment or {})) as benches:
        driver = Driver(book, benches)
        (done,) = driver.on([every_target()[target]], [Source(root / PAGE, PAGE, dialect)])
    return done, list(driver.problems.get(PAGE, ()))


def assert_all_is_right(done: TargetRun, problems: list[Problem]) -> None:
    """Everything passed, but for what a reader has to do alone."""
    assert (done.problem, problems) == ("", [])
    assert failures(done.results) == []
    lines = (REPOSITORY / PAGE).read_text(encoding="utf-8").split("\n")
    excused = [result for result in done.results if result.status == "excused"]
    for result, command in zip(excused, NOT_RUN, strict=True):
        assert command in lines[result.line - 1]
        assert result.reason
    assert {result.status for result in done.results} == {"passed", "excused"}


def snippet_lines(tab: str) -> list[int]:
    """The lines on which the blocks of one reader begin, found by eye and not by our parser."""
    lines = (REPOSITORY / PAGE).read_text(encoding="utf-8").split("\n")
    found, label = [], None
    opening = re.compile(r" *```(\{literalinclude\}|\{snippet\} \w+|\w+)")
    inside = False
    for number, line in enumerate(lines, start=1):
        if match := re.match(r"::::\{group-tab\} (.+)", line):
            label = match[1]
        elif line == "::::":
            label = None
        elif not inside and (match := opening.match(line)):
            inside = True
            if label in (None, tab):
                found.append(number)
        elif line.strip() == "```":
            inside = False
    return found


def assert_every_block_has_a_result(done: TargetRun, tab: str) -> None:
    fences = snippet_lines(tab)
    results = [result.line for result in done.results]
    assert len(results) == len(fences)
    for fence, line in zip(fences, results, strict=True):
        assert fence <= line <= fence + 5


def test_tutorial_is_right_on_sqlite() -> None:
    done, problems = run(REPOSITORY)
    assert_all_is_right(done, problems)
    assert_every_block_has_a_result(done, "SQLite")


@pytest.mark.parametrize("deployment", ["Self-Hosted", "Dedicated", "Serverless"])
def test_tutorial_is_right_on_tidb(
    standins: StandIns, identified: None, copy: Path, deployment: str
) -> None:
    environment = standins.environment(deployment.lower())
    done, problems = run(copy, f"tidb-{deployment.lower()}", environment)
    assert_all_is_right(done, problems)
    assert_every_block_has_a_result(done, f"TiDB {deployment}")
    assert standins.databases(deployment.lower()) == []
    secret = environment["TIDB_PASSWORD"]
    assert not secret or secret not in repr(done.results)


def test_tutorial_is_for_its_four_tabs() -> None:
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    labels = set(re.findall(r"\{group-tab\} (.+)", text))
    tabs = configuration.find(REPOSITORY).tabs
    assert {tabs[label] for label in labels} == {
        "sqlite",
        "tidb-self-hosted",
        "tidb-dedicated",
        "tidb-serverless",
    }


# -- mistakes -------------------------------------------------------------------------------------


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


def swapped(text: str) -> str:
    """The page with the sections "Insert data" and "Delete data" in each other's place."""
    insert = section(text, "insert-data", "query-data")
    delete = section(text, "delete-data", "trade")
    return text.replace(insert, "\0").replace(delete, insert).replace("\0", delete)


def section(text: str, begin: str, end: str) -> str:
    return text[text.index(f"({begin})=") : text.index(f"({end})=")]


#: What is changed on the page, the line at which it has to be reported, a part of the message.
FAULTS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "wrong field": (
        replaced("Player.objects.create(name=", "Player.objects.create(nick="),
        'Player.objects.create(nick="Aiko", coins=120, goods=4)',
        "TypeError: Player() got unexpected keyword arguments: 'nick'",
    ),
    "wrong value": (
        replaced("(150, 2)", "(150, 3)"),
        ">>> (aiko.coins, aiko.goods)",
        "(aiko.coins, aiko.goods) gives a different result",
    ),
    "wrong SQL": (
        replaced('ask("SELECT 1 + 1")', 'ask("SELEKT 1 + 1")'),
        '>>> ask("SELEKT 1 + 1")',
        'OperationalError: near "SELEKT": syntax error',
    ),
    "wrong output of a command": (
        replaced("No changes detected", "No changes found"),
        "No changes found",
        "the output is not what the page shows",
    ),
    "listing out of step": (
        replaced(
            ':end-before: "# [end: trade]"',
            ':end-at: "price of at least 1 coin"',
        ),
        "```{literalinclude} ../snippets/players/trading.py",
        "3 lines of this listing did not run in this page's program",
    ),
    "mixed tab set": (
        replaced("::::{group-tab} SQLite\nInstall", "::::{group-tab} Postgres\nInstall"),
        ":::::{tabs}",
        "a tab set that mixes targets (TiDB Serverless, TiDB Dedicated, TiDB Self-Hosted)",
    ),
    "missing region": (
        replaced("# [start: player]", "# [start: gamer]"),
        "```{literalinclude} ../snippets/players/models.py",
        "no line of models.py contains '# [start: gamer]'; it has: # [start: player], # [end:",
    ),
    "wrong command": (
        replaced("$ python manage.py migrate\n", "$ python manage.py migrat\n"),
        "$ python manage.py migrat",
        "`python manage.py migrat` ended with status 1",
    ),
    "swapped blocks": (
        swapped,
        '>>> Player.objects.get(name="Deniz").delete()',
        "NameError: name 'Player' is not defined",
    ),
    "wrong import": (
        replaced("from players.trading import trade", "from players.trade import trade"),
        ">>> from players.trade import trade",
        "ModuleNotFoundError: No module named 'players.trade'",
    ),
    "unknown language": (
        replaced(
            "```console\n$ python manage.py makemig", "```consoel\n$ python manage.py makemig"
        ),
        "```consoel",
        "unknown language 'consoel'",
    ),
}


@pytest.mark.parametrize(("change", "at", "message"), FAULTS.values(), ids=FAULTS)
def test_mistake_is_reported_at_its_line_and_is_the_only_one(
    copy: Path, change: Callable[[str], str], at: str, message: str
) -> None:
    text = change(in_short((copy / PAGE).read_text(encoding="utf-8")))
    (copy / PAGE).write_text(text, encoding="utf-8")
    done, problems = run(copy)
    ((line, said),) = [*failures(done.results), *((p.line, p.message) for p in problems)]
    assert text.split("\n")[line - 1].strip() == at
    assert message in said


@pytest.mark.parametrize("deployment", ["self-hosted", "serverless"])
def test_wrong_key_of_the_env_is_reported_at_its_line(
    standins: StandIns, identified: None, copy: Path, deployment: str
) -> None:
    text = (copy / PAGE).read_text(encoding="utf-8").replace("TIDB_USER=", "TIDB_USR=")
    (copy / PAGE).write_text(text, encoding="utf-8")
    done, _ = run(copy, f"tidb-{deployment}", standins.environment(deployment))
    ((line, message),) = failures(done.results)
    assert text.split("\n")[line - 1].strip().startswith("TIDB_USR=")
    assert message.startswith("unknown key 'TIDB_USR'")


def test_env_without_a_ca_is_noticed_where_the_connection_has_to_be_encrypted(
    standins: StandIns, identified: None, copy: Path
) -> None:
    text = (copy / PAGE).read_text(encoding="utf-8").replace("   CA_PATH='{ca_path}'\n", "")
    (copy / PAGE).write_text(text, encoding="utf-8")
    done, _ = run(copy, "tidb-dedicated", standins.environment("dedicated"))
    ((line, message),) = failures(done.results)
    assert message == "the session with tidb-dedicated is not encrypted, and must be"
    block = [r for r in done.results if r.status == "failed"]
    assert (line, block[0].language) == (block[0].line, "dotenv")


def test_tests_of_the_project_pass(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "manage.py", "test", "--noinput"],
        cwd=copy / "snippets",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ran = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert ran is not None
    assert int(ran[1]) > 20
