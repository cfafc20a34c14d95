"""Programs and what they leave: the first failure ends one, and nothing of it is seen by others."""

import tempfile
from pathlib import Path

import pytest

from crossnotes.run import record
from crossnotes.run.benches import Options
from crossnotes.targets import tidb

from ..conftest import Repository, StandIns, failures, processes_with, wait_for_end


def page(*parts: str, more: str = "") -> str:
    """A page whose first part begins on line 5."""
    head = f"---\ncrossnotes: {{{more}}}\n---\n\n"
    return head + "\n".join(parts)


def block(language: str, *lines: str, options: str = "") -> str:
    head = f"```{{snippet}} {language}\n{options}" if options else f"```{language}\n"
    return head + "\n".join(lines) + "\n```\n"


def python(*lines: str, options: str = "") -> str:
    return block("python", *lines, options=options)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs keep what is temporary; the test sees what they leave there."""
    folder = tmp_path / "temporary"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


# -- the first failure ----------------------------------------------------------------------------


def test_first_failure_ends_its_program_and_no_other(repository: Repository) -> None:
    repository.page(
        page(
            python("x = 1"),
            python("x = 2", "1 / 0"),
            block("console", "$ true"),
            python("print(x)", options=":skip: needs a cluster\n"),
            python("print(x)"),
        ),
        "a.md",
    )
    repository.page(page(python("print(1)")), "b.md")
    results = repository.run().results
    assert [(r.page[-4], r.status, r.reason) for r in results] == [
        ("a", "passed", ""),
        ("a", "failed", "ZeroDivisionError: division by zero"),
        ("a", "excused", "not reached: docs/a.md:11 failed"),
        ("a", "excused", "needs a cluster"),
        ("a", "excused", "not reached: docs/a.md:11 failed"),
        ("b", "passed", ""),
    ]


def test_every_tab_is_a_program_of_its_own(repository: Repository) -> None:
    tabs = "\n".join(
        ["::::{tabs}"]
        + [
            f":::{{tab}} {name}\n```python\n{code}\n```\n:::"
            for name, code in (("Broken", "1 / 0"), ("Fine", "x = 1"), ("macOS", "x = 2"))
        ]
        + ["::::", ""]
    )
    results = repository.results(page(python("x = 0"), tabs, python("print(x)")))
    by_tab = {r.tab: (r.status, r.reason) for r in results if r.tab}
    assert by_tab == {
        ("Broken",): ("failed", "ZeroDivisionError: division by zero"),
        ("Fine",): ("passed", ""),
        ("macOS",): ("excused", "macOS: not run on macOS"),
    }
    assert [r.output for r in results if r.index == 4] == ["", "1\n"]


def test_fail_fast_ends_the_run(repository: Repository) -> None:
    repository.page(page(python("1 / 0")), "a.md")
    repository.page(page(python("1")), "b.md")
    assert [r.page for r in repository.run(fail_fast=True).results] == ["docs/a.md"]


def test_block_with_a_problem_fails_at_the_problems_line(repository: Repository) -> None:
    text = page(python("x = 1"), python("y = 2", options=":flavour: sweet\n"), python("z"))
    results = repository.results(text)
    assert [r.status for r in results] == ["passed", "failed", "excused"]
    assert failures(results)[0][0] == 10
    assert failures(results)[0][1].startswith("unknown option 'flavour'")


# -- a clean database, and autocommit -------------------------------------------------------------

CREATE = python("from notes.models import Note", "print(Note.objects.create(text='a').pk)")
COUNT = python("from notes.models import Note", "print(Note.objects.count())")


def test_page_sees_its_own_rows_and_no_other_pages(project: Repository) -> None:
    for name in ("a.md", "b.md"):
        project.page(page(COUNT, CREATE, COUNT), name)
    assert [r.output for r in project.run().results] == ["0\n", "1\n", "1\n"] * 2


def test_nothing_is_left_after_a_failure_or_a_crash(project: Repository) -> None:
    project.page(page(CREATE, python("1 / 0")), "a.md")
    project.page(page(CREATE, python("import os", "os._exit(1)")), "b.md")
    project.page(page(COUNT, CREATE), "c.md")
    assert [r.output for r in project.run().results[-2:]] == ["0\n", "1\n"]


def test_what_an_exit_handler_prints_does_not_move_the_next_pages_output(
    project: Repository,
) -> None:
    for name in ("a.md", "b.md"):
        code = python("import atexit", "atexit.register(print, 'late')", "print('x')")
        project.page(page(code), name)
    assert [r.output for r in project.run().results] == ["x\n", "x\n"]


def test_sql_and_models_share_the_programs_connection(project: Repository) -> None:
    sql = block("sql", "INSERT INTO notes_note (text, stars) VALUES ('s', 3);")
    session = block("pycon", ">>> Note.objects.get().stars", "3")
    text = page(python("from notes.models import Note"), sql, session)
    assert [r.status for r in project.results(text)] == ["passed"] * 3


#: What a page inside of a transaction could not do.
AS_A_READER = {
    "on_commit": (["transaction.on_commit(lambda: print('called'))"], "called\n"),
    "on_commit inside of atomic": (
        ["with transaction.atomic():", "    transaction.on_commit(lambda: print('called'))"],
        "called\n",
    ),
    "DDL": (
        [
            "with connection.cursor() as cursor:",
            "    cursor.execute('CREATE TABLE t (n INTEGER)')",
            "print(*sorted(connection.introspection.table_names())[-1:])",
        ],
        "t\n",
    ),
    "a caught error": (
        [
            "for _ in range(2):",
            "    try:",
            "        Note.objects.create(text='a')",
            "    except IntegrityError:",
            "        print(Note.objects.count())",
        ],
        "1\n",
    ),
    "durable": (["with transaction.atomic(durable=True):", "    print('durable')"], "durable\n"),
}


@pytest.mark.parametrize(("code", "printed"), AS_A_READER.values(), ids=AS_A_READER)
def test_page_runs_in_autocommit_as_its_reader_does(
    project: Repository, code: list[str], printed: str
) -> None:
    imports = [
        "from django.db import IntegrityError, connection, transaction",
        "from notes.models import Note",
    ]
    for name in ("a.md", "b.md"):
        project.page(page(python(*imports, *code)), name)
    assert [(r.reason, r.output) for r in project.run().results] == [("", printed)] * 2


def test_models_of_a_page_are_its_own(project: Repository) -> None:
    model = python(
        "import warnings",
        "warnings.simplefilter('error')",
        "from django.apps import apps",
        "from django.db import connection, models",
        "class Thing(models.Model):",
        "    class Meta:",
        "        app_label = 'notes'",
        "with connection.schema_editor() as editor:",
        "    editor.create_model(Thing)",
        "Thing.objects.create()",
        "print(len(apps.get_models()), Thing.objects.count())",
    )
    for name in ("a.md", "b.md"):
        project.page(page(model), name)
    done = project.run()
    assert [(r.reason, r.output) for r in done.results] == [("", "2 1\n")] * 2


def test_nothing_is_left_of_a_run(project: Repository, temporary: Path) -> None:
    before = sorted(str(p) for p in project.root.rglob("*"))
    marker = python("import os", f"os.environ['MARKED'] = {str(temporary)!r}", "print(os.getcwd())")
    console = block("console", f"$ export MARKED={temporary}", "$ sleep 1000 &", "$ touch new")
    detached = block("console", f"$ MARKED={temporary} setsid --fork sleep 1000")
    text = page(marker, console, detached, python("import os", "os._exit(1)"))
    (first, *_) = project.results(text)
    assert first.output == ".../project\n"
    assert list(temporary.iterdir()) == []
    assert sorted(str(p) for p in project.root.rglob("*")) == sorted(
        [*before, str(project.root / "docs"), str(project.root / "docs" / "a.md")]
    )
    for pid in processes_with(str(temporary)):
        wait_for_end(pid)


def test_results_are_in_reading_order_however_many_run_side_by_side(project: Repository) -> None:
    slow = block("console", "$ sleep 0.3; echo slow", "slow")
    for number in range(12):
        part = slow if number % 4 == 0 else python(f"print({number})")
        project.page(page(part, CREATE), f"{number:02}.md")
    alone = [(r.page, r.index, r.status, r.output) for r in project.run().results]
    assert len(alone) == 24
    assert {status for _, _, status, _ in alone} == {"passed"}
    beside = project.run(jobs=4).results
    assert [(r.page, r.index, r.status, r.output) for r in beside] == alone


def test_keep_going_runs_what_follows_a_failure(project: Repository) -> None:
    options = Options(keep_going=True)
    text = page(
        python("x = 1"),
        python("1 / 0"),
        python("print(x)"),
        block("console", "$ false"),
        python("import os", "os._exit(3)"),
        python("print('after')"),
    )
    project.page(text)
    done = project.run(options=options)
    statuses = ["passed", "failed", "passed", "failed", "failed", "passed"]
    assert [r.status for r in done.results] == statuses
    assert done.results[-1].output == "after\n"
    assert (done.count("failed"), done.not_reached) == (3, 0)
    assert project.run().not_reached == 4


def test_child_process_that_prints_without_end_is_ended(repository: Repository) -> None:
    text = page(python("import os", "os.system('yes')"), python("print(1)"))
    first, second = repository.results(text)
    assert first.reason == "printed more than 1,000,000 characters and was ended"
    assert len(first.output) == 1000
    assert second.reason.startswith("not reached")


def test_block_that_shows_rows_without_end_fails_at_its_line(project: Repository) -> None:
    million = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000)"
    text = page(python("1"), block("sql", f"{million} SELECT i, 'some text' FROM n;"))
    _, result = project.results(text)
    assert result.reason == "OutputTooLargeError: printed more than 1,000,000 characters"
    assert (result.failure and result.failure.line, result.output) == (10, "")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["raise ValueError('x' * 50_000_000)"], "ValueError: xxxxx"),
        ([">>> 'x' * 50_000_000", "'x'"], "OutputTooLargeError: printed more than"),
        ([">>> raise ValueError('x' * 50_000_000)"], "OutputTooLargeError: printed more than"),
    ],
)
def test_what_a_block_says_is_bounded_however_it_says_it(
    repository: Repository, lines: list[str], reason: str
) -> None:
    language = "pycon" if lines[0].startswith(">>>") else "python"
    (result,) = repository.results(page(block(language, *lines)))
    assert result.reason.startswith(reason)
    assert len(str(result)) < 100_000


@pytest.mark.parametrize("limit", ["PROGRAM_LIMIT", "LEDGER_LIMIT"])
def test_what_many_blocks_print_is_bounded_too(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(record, limit, 10_000)
    text = page(python("print('x' * 6_000)"), python("print('x' * 6_000)"))
    first, second = repository.results(text)
    assert (first.status, second.status, second.output) == ("passed", "failed", "")
    assert second.reason.endswith("print more than 10,000 characters in all")


def test_what_a_block_leaves_running_is_bounded_too(repository: Repository) -> None:
    text = page(
        block("console", "$ true"),
        python("import subprocess"),
        block("console", "$ true"),
        python("yes = subprocess.Popen(['yes'])"),
        block("console", "$ yes & sleep 1"),
        block("console", "$ sleep 2"),
        python("print(1)"),
    )
    results = repository.results(text)
    expected = [*["passed"] * 3, *["failed"] * 2, *["excused"] * 2]
    assert [r.status for r in results] == expected
    for result in results[3:5]:
        assert "printed more than 1,000,000" in result.reason


def test_what_a_page_printed_before_it_died_is_told(repository: Repository) -> None:
    text = page(python("import os", "print('so far')", "os._exit(3)"))
    (result,) = repository.results(text)
    assert result.failure is not None
    assert result.failure.message == "ended the interpreter: it ended with status 3"
    assert (result.output, result.failure.details) == ("so far\n", ("so far",))


TUTORIAL = """\
---
crossnotes: {{}}
---

```dotenv
GREETING='Good morning'
```

```console
$ python manage.py migrate
Operations to perform:
  Apply all migrations: notes
Running migrations:
  Applying notes.0001_initial... OK
```

```{{snippet}} console
:background: http://127.0.0.1:{port}/
$ python manage.py runserver {port}
```

```pycon
>>> from urllib.request import urlopen
>>> urlopen("http://127.0.0.1:{port}/").read().decode().splitlines()[0]
'<h1>Good morning</h1>'
>>> from notes.models import Note
>>> Note.objects.create(text="first").stars
0
```

```{{snippet}} python
:file: notes/words.py
def loud(text):
    return text.upper()
```

```python
from notes.words import loud
print(loud("a"))
```
```{{output}}
A
```

```console
$ ls notes/words.py .env
.env
notes/words.py
$ python manage.py shell -v 0 -c "from notes.models import Note; print(Note.objects.count())"
1
```

```sql
SELECT text, stars FROM notes_note;
```
```{{output}}
text | stars
first | 0
```

```{{literalinclude}} ../project/notebook/settings.py
:start-after: "[start: sqlite]"
:end-before: "[end: sqlite]"
:dedent:
```

```{{literalinclude}} ../project/notes/templates/notes/list.html
:start-after: "[start: notes]"
:end-before: "[end: notes]"
```
"""


def test_tutorial_runs_from_its_env_to_its_server(project: Repository, free_port: int) -> None:
    results = project.results(TUTORIAL.format(port=free_port))
    assert [(r.line, r.status, r.reason) for r in results if r.status != "passed"] == []
    assert len(results) == 10


def test_wrong_page_of_a_server_is_told_where_the_session_sees_it(
    project: Repository, free_port: int
) -> None:
    text = TUTORIAL.format(port=free_port).replace("<h1>Good morning", "<h1>Good evening")
    line, message = project.failure(text)
    assert text.splitlines()[line - 1].startswith(">>> urlopen")
    assert message.endswith("gives a different result")


def test_file_of_a_page_is_seen_by_what_comes_after_even_if_it_was_loaded_before(
    project: Repository,
) -> None:
    text = page(
        python("from notes.rules import star", "print(star.__doc__)"),
        python("def star():", "    '''Another.'''", options=":file: notes/rules.py\n"),
        python("from notes.rules import star", "print(star.__doc__)"),
    )
    assert [r.output for r in project.results(text)] == ["Give a note stars.\n", "", "Another.\n"]
    assert "Give a note stars" in (project.django / "notes" / "rules.py").read_text()


def test_file_may_not_leave_the_working_copy(project: Repository) -> None:
    for path in ("../../evil.py", "/tmp/evil.py"):
        text = page(python("1", options=f":file: {path}\n"))
        assert project.failure(text) == (7, ":file: leads out of the project")


def test_wrong_line_of_a_env_is_told_at_its_line(project: Repository) -> None:
    text = page(block("dotenv", "GREETING=a", "TIDB_HOTS=b"))
    line, message = project.failure(text)
    assert line == 7
    assert message.startswith("unknown key 'TIDB_HOTS'; the project knows TIDB_HOST, ")


def test_settings_that_cannot_work_are_told_at_the_block_that_uses_them(
    project: Repository,
) -> None:
    settings = (project.django / "notebook" / "settings.py").read_text()
    text = page(
        python("INSTALLED_APPS = ['nowhere']", options=":file: notebook/settings.py\n"),
        python("from notes.models import Note"),
    )
    line, message = project.failure(text)
    assert line == 11
    assert message.startswith("ModuleNotFoundError: No module named 'nowhere'")
    assert (project.django / "notebook" / "settings.py").read_text() == settings


# -- console --------------------------------------------------------------------------------------


def test_output_that_a_block_shows_is_compared_at_its_line(repository: Repository) -> None:
    text = page(block("console", "$ echo a", "a", "$ echo b \\", "> c", "b d"))
    (result,) = repository.results(text)
    assert result.failure is not None
    assert (result.failure.line, result.failure.message) == (
        10,
        "the output is not what the page shows",
    )
    assert (result.failure.expected, result.failure.got) == ("b d", "b c\n")
    assert result.output == "b c\n"


def test_folder_and_variables_last_from_block_to_block_and_reach_python(
    repository: Repository,
) -> None:
    text = page(
        block("console", "$ mkdir deep", "$ cd deep", "$ export COLOUR=blue"),
        block("bash", 'test "$COLOUR" = blue', 'test "$(basename "$PWD")" = deep'),
        python("import os", "print(os.environ['COLOUR'], os.path.basename(os.getcwd()))"),
    )
    assert [r.status for r in repository.results(text)] == ["passed"] * 3


@pytest.mark.parametrize(
    ("lines", "options", "line", "message"),
    [
        (["$ true", "$ ls /nowhere"], "", 7, "`ls /nowhere` ended with status 2"),
        (["true", "", "exit 4", "true"], "", 9, "`true` ended with status 4"),
        (["$ false && true"], "", 6, "`false && true` ended with status 1"),
        (["$ no-such-program -v"], "", 6, "`no-such-program -v` ended with status 127"),
        (["$ sleep 1000"], ":timeout: 0.2\n", 7, "`sleep 1000` took longer than 0.2 s"),
        (["$ yes"], "", 6, "`yes` printed more than 1,000,000 bytes"),
        (["$ true"], ":raises: 1\n", 7, "`true` did not fail as the page shows"),
        (["$ ls /nowhere"], ":raises: 3\n", 7, "`ls /nowhere` did not fail as the page shows"),
    ],
)
def test_command_that_fails_is_told_at_its_line(
    repository: Repository, lines: list[str], options: str, line: int, message: str
) -> None:
    assert repository.failure(page(block("console", *lines, options=options))) == (line, message)


def test_last_words_of_a_command_that_fails_are_shown(repository: Repository) -> None:
    (result,) = repository.results(page(block("console", "$ ls /nowhere/at/all")))
    assert result.failure is not None
    assert "/nowhere/at/all" in result.failure.details[-1]


@pytest.mark.parametrize("raises", ["2", "No such file or directory", "ls: ...: No such file..."])
def test_failure_that_the_page_announces_passes(repository: Repository, raises: str) -> None:
    text = page(block("console", "$ LC_ALL=C ls /nowhere", options=f":raises: {raises}\n"))
    assert [r.status for r in repository.results(text)] == ["passed"]


def test_prompt_without_a_command_is_nothing(repository: Repository) -> None:
    assert [r.status for r in repository.results(page(block("console", "$ ", "$ true")))] == [
        "passed"
    ]


def test_prompts_of_a_database_client_go_over_the_programs_connection(project: Repository) -> None:
    text = page(
        CREATE,
        block(
            "console",
            "mysql> SELECT text, stars",
            "    -> FROM notes_note;",
            "+------+-------+",
            "| text | stars |",
            "+------+-------+",
            "| a    |     0 |",
            "+------+-------+",
            "1 row in set (0.00 sec)",
            "mysql> SELECT absent;",
        ),
    )
    results = project.results(text)
    assert [r.status for r in results] == ["passed", "failed"]
    assert failures(results) == [(19, "django.db.utils.OperationalError: no such column: absent")]


def test_server_that_does_not_come_up_is_told(repository: Repository, free_port: int) -> None:
    options = f":background: http://127.0.0.1:{free_port}/\n"
    text = page(block("console", "$ echo no luck; exit 3", options=options))
    (result,) = repository.results(text)
    assert result.failure is not None
    assert (result.failure.line, result.failure.message) == (7, "the server ended with status 3")
    assert result.failure.details == ("no luck",)


# -- secrets --------------------------------------------------------------------------------------


def test_password_is_masked_wherever_it_would_be_said(
    project: Repository, standins: StandIns, identified: None
) -> None:
    project.environment = standins.environment("dedicated")
    password = standins.account("dedicated").password
    leak = "from django.conf import settings\nleak = settings.DATABASES['default']['PASSWORD']"
    pages = {
        "printed": python(leak, "print('x' + leak + 'y')"),
        "raised": python(leak, "raise ValueError(leak)"),
        "compared": python(leak, "print(leak)") + "```{output}\nnot this\n```\n",
        "session": python(leak) + block("pycon", ">>> leak", "'not this'"),
        "console": block("console", "$ cat .env", "$ cat .env >&2; false"),
        "shown": block("console", "$ grep PASSWORD .env", "TIDB_PASSWORD='not this'"),
    }
    dotenv = block(
        "dotenv",
        "TIDB_HOST=x",
        "TIDB_PORT=x",
        "TIDB_USER=x",
        "TIDB_PASSWORD=x",
        "TIDB_DB_NAME=x",
        "CA_PATH=x",
    )
    for name, text in pages.items():
        project.page(page(dotenv, text), f"{name}.md")
    done = project.run(target="tidb-dedicated")
    assert len([r for r in done.results if r.status == "failed"]) == 5
    assert password not in repr(done.results)
    by_page = {r.page: r for r in done.results if r.index == 1}
    assert by_page["docs/printed.md"].output == "x********y\n"
    assert by_page["docs/raised.md"].reason == "ValueError: ********"


def test_password_is_masked_however_it_is_written(
    project: Repository, standins: StandIns, identified: None
) -> None:
    password = 'it\'s a "sec\\ret" ${x} ü/ü'
    with tidb.connected(standins.account("self-hosted")) as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS odd@'%%' IDENTIFIED BY %s", (password,))
        cursor.execute("GRANT ALL PRIVILEGES ON *.* TO odd@'%'")
    project.environment = standins.environment("self-hosted")
    project.environment |= {"TIDB_USER": "odd", "TIDB_PASSWORD": password}
    code = """\
import json, urllib.parse
from django.conf import settings
leak = settings.DATABASES["default"]["PASSWORD"]
print([leak], json.dumps(leak), urllib.parse.quote(leak), urllib.parse.quote_plus(leak), leak)
"""
    dotenv = (
        "```dotenv\n"
        + "".join(f"{key}=x\n" for key in ("TIDB_HOST", "TIDB_PORT", "TIDB_USER", "TIDB_PASSWORD"))
        + "TIDB_DB_NAME=x\n```\n\n"
    )
    project.page(page(dotenv, python(code), block("console", "$ cat .env")))
    # It has no right to grant, so that pages get no account of their own.
    done = project.run(target="tidb-self-hosted", options=Options(trust_pages=True))
    assert [r.reason for r in done.results] == ["", "", ""]
    assert done.results[1].output == "['********'] \"********\" ******** ******** ********\n"
    assert "TIDB_PASSWORD='********'\n" in done.results[2].output
