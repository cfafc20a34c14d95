"""The command line: what it prints, what it writes, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crossnotes.targets import every_target
from crossnotes.targets.process import free_port

from .conftest import (
    STANDIN,
    Repository,
    StandIns,
    command,
    processes_with,
    wait_for_end,
)

PASSING = """\
# Title

```python
print("seen")
```
"""

FAILING = """\
# Title

```python
x = 1
1 / 0
```

```python
x = 2
```
"""


# -- list -----------------------------------------------------------------------------------------


def test_list_prints_a_line_of_json_a_snippet(repository: Repository) -> None:
    repository.page(
        ":::::{tabs}\n::::{tab} ハ\n```{snippet} python\n:name: n\nx = 'ハ'\n```\n::::\n:::::\n"
        "```sql\nSELECT 1;\n```\n"
    )
    done = repository.crossnotes("list", "docs")
    assert (done.code, done.err) == (0, "")
    first, second = map(json.loads, done.lines)
    wanted = {"page": "docs/a.md", "line": 5, "index": 0, "language": "python", "tab": ["ハ"]}
    assert first.items() >= (wanted | {"code": "x = 'ハ'", "name": "n"}).items()
    assert (second["line"], second["index"], second["tab"]) == (10, 1, [])
    assert "\\u" not in done.out


def test_list_tells_problems_apart_from_the_list(repository: Repository) -> None:
    repository.page(PASSING + "\n```pyhton\n```\n")
    done = repository.crossnotes("list", "docs/a.md")
    assert done.code == 1
    assert len(done.lines) == 1
    assert done.err.startswith("docs/a.md:7: unknown language 'pyhton'")


def test_pages_are_named_from_the_folder_of_the_settings(repository: Repository) -> None:
    repository.page(PASSING, "deep/a.md")
    for path in ("docs", "docs/deep/a.md", repository.root / "docs", "./docs/../docs"):
        assert json.loads(repository.crossnotes("list", path).out)["page"] == "docs/deep/a.md"


def test_list_runs_nothing_and_asks_for_no_server(repository: Repository, tmp_path: Path) -> None:
    repository.page(f"```python\nopen({str(tmp_path / 'ran')!r}, 'w')\n```\n")
    assert repository.crossnotes("list", "docs").code == 0
    assert not (tmp_path / "ran").exists()


# -- test: how it ends ----------------------------------------------------------------------------


def test_run_in_which_all_passed_ends_with_0(repository: Repository) -> None:
    repository.page(PASSING)
    done = repository.crossnotes("test", "docs")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^sqlite +3\S+ +1 +1 +0 +0 +\d+\.\d$", done.out, re.MULTILINE)


def test_run_with_a_failure_ends_with_1_and_says_where(repository: Repository) -> None:
    repository.page(FAILING)
    done = repository.crossnotes("test", "docs")
    assert done.code == 1
    assert re.match(
        r"docs/a\.md:5: \[sqlite 3\S+\] ZeroDivisionError: division by zero$", done.lines[0]
    )
    assert done.lines[1] == "    1 / 0"
    assert "not reached 1: docs/a.md:5 failed" in done.lines
    assert re.search(r"^sqlite +3\S+ +1 +0 +1 +1 +0 ", done.out, re.MULTILINE)


def test_failure_takes_at_most_twelve_lines(repository: Repository) -> None:
    repository.page("```python\nfor n in range(100): print(n)\n```\n```{output}\nnothing\n```\n")
    done = repository.crossnotes("test", "docs")
    failure = done.out.partition("\n\n")[0].splitlines()
    assert len(failure) == 12
    assert re.fullmatch(r"    … \d+ more lines", failure[-1])


def test_page_with_a_problem_ends_with_1_and_runs_all_the_same(repository: Repository) -> None:
    repository.page(PASSING + "\n```pyhton\n```\n")
    done = repository.crossnotes("test", "docs")
    assert done.code == 1
    assert done.lines[0].startswith("docs/a.md:7: unknown language 'pyhton'")
    assert re.search(r"^sqlite .* 1 +0 +0 ", done.out, re.MULTILINE)


def test_page_without_snippets_ends_with_0(repository: Repository) -> None:
    repository.page("# Title\n\n```text\na\n```\n")
    assert repository.crossnotes("test", "docs").code == 0


def test_fail_fast_stops_at_the_first_failure(repository: Repository) -> None:
    repository.page(FAILING, "a.md")
    repository.page(FAILING, "b.md")
    assert repository.crossnotes("test", "docs").out.count("ZeroDivisionError") == 2
    assert repository.crossnotes("test", "docs", "--fail-fast").out.count("ZeroDivisionError") == 1


MIXED = """\
::::{tabs}
:::{tab} SQLite
:::
:::{tab} Linux
:::
::::
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["test", "nowhere"], "nowhere: no such file or folder"),
        (["list", "nowhere.md"], "nowhere.md: no such file or folder"),
        (["test", "empty"], "no pages (*.md) below empty"),
        (["test", "docs/a.md:1"], "docs/a.md:1: no block on that line; blocks begin on lines 4"),
        (["test", "docs/a.md:99"], "docs/a.md:99: no block on that line"),
        (["test", "docs", "--target", "db2"], "unknown target 'db2'; known are: mariadb, "),
        (["test", "docs", "--django", "empty"], "empty is not a Django project: it has no manage"),
        (["test", "docs", "--django", "nowhere"], "nowhere is not a Django project"),
        (["test", "docs", "--env-file", "nowhere"], "--env-file nowhere: no such file"),
        (["test", "docs", "--env-file", "binary"], "--env-file binary: not UTF-8"),
        (["targets", "--env-file", "nowhere"], "--env-file nowhere: no such file"),
        (["test", "docs", "--json", "docs"], "'docs' is a directory"),
        (["test", "docs", "--json", "pyproject.toml/x.json"], "cannot write pyproject.toml/x.json"),
        (["test", "docs", "--ledger", "pyproject.toml"], "'pyproject.toml' is a file"),
        (["test", "docs", "--flavour"], "No such option"),
        (["test", "--target"], "requires an argument"),
        (["tests"], "No such command"),
        (["ledgers-from", "empty"], "empty holds no ledgers"),
        (["results-from", "notes"], "notes/a.json:1: schema None; this version knows 1 and 2"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    repository: Repository, arguments: list[str], message: str
) -> None:
    repository.page(PASSING)
    (repository.root / "empty").mkdir()
    repository.write("notes/a.json", "{}")
    (repository.root / "binary").write_bytes(b"A=\xff\xfe\x00")
    done = repository.crossnotes(*arguments)
    assert done.code == 2
    assert message in done.err.replace("\n", " "), done.err


@pytest.mark.parametrize(
    "text",
    [
        "[tool.crossnotes\n",
        "[tool]\ncrossnotes = 1\n",
        "[tool.crossnotes]\nflavour = 1\n",
        "[tool.crossnotes.tabs]\nSQLite = 1\n",
        "[tool.crossnotes.tabs]\nSQLite = 'sqlight'\n",
        "tool = 1\n",
    ],
)
def test_settings_that_cannot_be_used_end_with_2(repository: Repository, text: str) -> None:
    repository.page(PASSING)
    repository.write("pyproject.toml", text)
    for name in ("test", "list"):
        done = repository.crossnotes(name, "docs")
        assert done.code == 2, done
        assert "pyproject.toml" in done.err


BAD_PAGES = {
    "not UTF-8": b"\xff\xfe",
    "control characters": bytes(range(1, 32)) + b"\n\n```python\n\x00\x01\n```\n",
    "broken YAML": b"---\na: [\n---\n",
    "YAML of all sorts": b"---\ncrossnotes: {targets: {a: b}, isolation: [x], ? [c] : d}\n---\n",
    "YAML that refers to itself": b"---\ncrossnotes: &a [*a]\n---\n",
    "directive without an end": b"```{snippet} python\n:skip: x\n:",
    "options without an end": b"```{snippet} python\n---\nname: x\n",
    "empty directives": b"```{snippet}\n```\n\n```{code-block}\n```\n\n```{literalinclude}\n```\n",
    "empty tabs": b"::::{tabs}\n:::{tab}\n:::\n:::{group-tab}\n:::\n```{code-tab}\n```\n::::\n",
    "mixed tabs": MIXED.encode(),
    "a listing that is a folder": b"```{literalinclude} .\n```\n",
    "a listing of nothing": b"```{literalinclude} a.md\n:lines: 0\n:pyobject: x\n:dedent: y\n```\n",
    "output first": b"```{output}\n:targets: x\n```\n",
    "deep quotes": b">" * 500 + b" ```python\n",
    "a null byte": b"```python\nx = '\x00'\n```\n",
    "a surrogate": b"```python\nprint('\\ud800')\nraise ValueError('\\udfff')\n```\n",
    "odd commands": b"```console\n$ \n$\n$ '\n```\n",
    "odd sql": b"```sql\n;;;\n--\n/*\n```\n\n```sql\n\n```\n",
    "odd sessions": b"```pycon\n>>>\n... \n>>>x\n```\n",
    "odd numbers": b"```{snippet} python\n:timeout: -1\n:dedent: x\n1\n```\n",
    "a bad url": b"```{snippet} console\n:background: http://[::\n$ true\n```\n",
    "another bad url": b"```{snippet} console\n:background: nowhere\n:timeout: 1\n$ true\n```\n",
    "a port out of range": b"```{snippet} console\n:background: http://h:99999/\n$ true\n```\n",
    "a bad file": b"```{snippet} python\n:file: .\n1\n```\n",
    "a bad env": b"```dotenv\n=\n```\n",
}


@pytest.mark.parametrize("data", BAD_PAGES.values(), ids=BAD_PAGES)
def test_page_of_any_content_gives_no_traceback_of_ours(
    repository: Repository, data: bytes
) -> None:
    repository.page(PASSING, "z.md")
    (repository.root / "docs" / "a.md").write_bytes(data)
    done = repository.crossnotes(
        "test", "docs", "--ledger", "l", "--json", "r.json", "--junit", "j.xml"
    )
    assert done.code in (0, 1)
    assert "mistake in crossnotes" not in done.out
    assert "Traceback" not in done.out
    assert any(
        r["page"] == "docs/z.md" and r["status"] == "passed"
        for r in repository.json("l/sqlite.json")["results"]
    )
    ElementTree.parse(repository.root / "j.xml")
    repository.json("r.json")
    assert repository.crossnotes("list", "docs").code in (0, 1)


# -- test: what is run ----------------------------------------------------------------------------

BLOCKS = "\n".join(f"```python\nprint({n})\n```\n" for n in range(4))


@pytest.mark.parametrize(
    ("line", "ran"),
    [(1, [0]), (2, [0]), (3, [0]), (6, [0, 1]), (7, [0, 1]), (10, [0, 1, 2]), (13, [0, 1, 2, 3])],
)
def test_line_of_a_page_runs_the_blocks_up_to_it(
    repository: Repository, line: int, ran: list[int]
) -> None:
    repository.page(BLOCKS)
    done = repository.crossnotes("test", f"docs/a.md:{line}", "--json", "r.json")
    assert done.code == 0
    assert [r["index"] for r in repository.json("r.json")["results"]] == ran


def test_target_may_be_given_more_than_once(repository: Repository) -> None:
    repository.page(PASSING)
    done = repository.crossnotes("test", "docs", "--target", "sqlite", "--target", "sqlite")
    assert done.out.count("sqlite") == 1


def test_required_target_that_cannot_be_had_ends_with_1_and_says_why(
    repository: Repository,
) -> None:
    repository.page(PASSING)
    done = repository.crossnotes("test", "docs", "--target", "sqlite", "--target", "tidb-dedicated")
    assert done.code == 1
    assert re.search("^tidb-dedicated: failed: .+TIDB_SERVER", done.out, re.MULTILINE)
    assert re.search(r"^sqlite .* 1 +0 +0 ", done.out, re.MULTILINE)


def test_every_target_takes_those_that_can_be_had(repository: Repository) -> None:
    repository.page(PASSING)
    done = repository.crossnotes("test", "docs", "--every-target")
    assert done.code == 0
    assert re.search("^tidb-dedicated: not available: ", done.out, re.MULTILINE)


def test_page_for_other_targets_than_asked_for_was_not_run_and_that_is_no_success(
    repository: Repository,
) -> None:
    repository.page("---\ncrossnotes: {targets: [tidb-dedicated]}\n---\n" + PASSING)
    assert repository.crossnotes("test", "docs").code == 1


def test_django_project_is_used_where_it_is_named(project: Repository) -> None:
    project.page("```python\nfrom notes.models import Note\nprint(Note.objects.count())\n```\n")
    assert project.crossnotes("test", "docs").code == 1
    assert project.crossnotes("test", "docs", "--django", "project").code == 0


def test_failures_are_annotations_where_github_reads_them(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    repository.page(FAILING)
    repository.page("    indented\n", "b.md")
    done = repository.crossnotes("test", "docs", "--target", "sqlite", "--target", "tidb-dedicated")
    lines = [line for line in done.lines if line.startswith("::error ")]
    assert re.match("::error file=docs/a.md,line=5,title=sqlite 3", lines[0])
    assert lines[1].startswith("::error file=docs/b.md,line=1,title=crossnotes::an indented code ")
    assert lines[2].startswith("::error title=tidb-dedicated::set TIDB_SERVER to ")


@pytest.mark.parametrize(
    ("arguments", "file", "text", "said"),
    [
        (
            ["list", "docs"],
            "docs/a.md",
            "# A\n\n```\nx\n```\n",
            "file=docs/a.md,line=3,title=crossnotes::a code block without a language",
        ),
        (
            ["test", "docs"],
            "pyproject.toml",
            "[tool.crossnotes]\nsours = 'docs'\n",
            "file=pyproject.toml,line=2,title=crossnotes::unknown key 'sours'",
        ),
        (
            ["test", "docs"],
            "pyproject.toml",
            '[tool.crossnotes]\nsetup = "1 / 0"\n',
            "file=docs/a.md,line=4,title=sqlite ",
        ),
        (
            ["test", "docs", "--target", "klingon"],
            "docs/a.md",
            "# A\n",
            "title=crossnotes::unknown target 'klingon'",
        ),
        (
            ["test", "docs", "--json", "docs/a.md/x"],
            "docs/a.md",
            "# A\n\n```python\n```\n",
            "title=crossnotes::cannot write docs/a.md/x: ",
        ),
        (["results", "--check", "docs"], "docs/x.json", "{", "file=docs/x.json,line=1,title=cros"),
    ],
)
def test_what_else_ends_a_command_is_an_annotation_too(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    file: str,
    text: str,
    said: str,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    repository.page("# A\n\n```python\nprint(1)\n```\n")
    repository.write(file, text)
    done = repository.crossnotes(*arguments)
    assert done.code != 0
    assert f"::error {said}" in done.out + done.err


# -- test: what is written ------------------------------------------------------------------------


def test_json_is_the_ledger_of_the_run(repository: Repository) -> None:
    repository.page(FAILING)
    repository.crossnotes("test", "docs", "--json", "deep/r.json", "--ledger", "ledgers")
    document = repository.json("deep/r.json")
    assert document == repository.json("ledgers/sqlite.json")
    assert (document["schema"], document["target"]) == (1, "sqlite")
    assert set(document["versions"]) == {"python", "django"}
    assert [r["status"] for r in document["results"]] == ["failed", "excused"]


def test_junit_has_the_file_and_line_of_each_block(repository: Repository) -> None:
    repository.page(FAILING)
    repository.crossnotes("test", "docs", "--junit", "deep/j.xml")
    (suite,) = ElementTree.parse(repository.root / "deep/j.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
    assert [(case.get("file"), case.get("line")) for case in suite] == [
        ("docs/a.md", "5"),
        ("docs/a.md", "9"),
    ]


def test_ledger_of_some_pages_keeps_the_others(repository: Repository) -> None:
    repository.page(PASSING, "a.md")
    repository.page(BLOCKS, "b.md")
    repository.crossnotes("test", "docs", "--ledger", "l")
    repository.page(FAILING, "a.md")
    repository.crossnotes("test", "docs/a.md", "--ledger", "l")
    statuses = [(r["page"], r["status"]) for r in repository.json("l/sqlite.json")["results"]]
    assert (
        statuses
        == [("docs/a.md", "failed"), ("docs/a.md", "excused")] + [("docs/b.md", "passed")] * 4
    )


def test_ledger_of_some_blocks_keeps_the_others(repository: Repository) -> None:
    repository.page(BLOCKS, "b.md")
    repository.crossnotes("test", "docs", "--ledger", "l")
    repository.page(BLOCKS.replace("print(1)", "1 / 0"), "b.md")
    repository.crossnotes("test", "docs/b.md:6", "--ledger", "l")
    results = repository.json("l/sqlite.json")["results"]
    assert [r["status"] for r in results] == ["passed", "failed", "passed", "passed"]


def test_ledger_that_cannot_be_read_is_replaced_with_a_word_and_kept(
    repository: Repository,
) -> None:
    repository.page(PASSING)
    repository.write("l/sqlite.json", "{broken")
    done = repository.crossnotes("test", "docs", "--ledger", "l")
    assert done.code == 0
    assert len(repository.json("l/sqlite.json")["results"]) == 1
    assert "sqlite.json:1: not a ledger: no JSON: " in done.out
    assert "l/sqlite.broken, and replaced" in done.out
    assert (repository.root / "l/sqlite.broken").read_text() == "{broken"


def test_target_that_could_not_be_had_leaves_its_ledger_alone(repository: Repository) -> None:
    repository.page(PASSING)
    repository.write("l/tidb-dedicated.json", "of another machine")
    repository.crossnotes("test", "docs", "--target", "tidb-dedicated", "--ledger", "l")
    assert (repository.root / "l/tidb-dedicated.json").read_text() == "of another machine"


# -- targets --------------------------------------------------------------------------------------


def test_targets_shows_what_would_be_used_or_what_to_do(repository: Repository) -> None:
    done = repository.crossnotes("targets")
    assert done.code == 0
    assert done.lines[0].split() == ["target", "source", "version", "where,", "or", "why", "not"]
    rows = {line.split()[0]: line for line in done.lines[1:]}
    assert list(rows) == list(every_target())
    assert re.match(r"sqlite +built in +3\.\d+\.\d+ +Python's sqlite3$", rows["sqlite"])
    for name, line in rows.items():
        if name.startswith("tidb"):
            assert re.match(r"tidb-[\w-]+ +- +- +set TIDB_SERVER to a tidb-server binary", line)


def test_targets_as_json_has_the_same(repository: Repository) -> None:
    rows = json.loads(repository.crossnotes("targets", "--json").out)
    assert {row["target"]: row["label"] for row in rows}["sqlite"] == "SQLite"
    assert all(row["problem"] for row in rows if row["target"].startswith("tidb-"))


def test_targets_says_which_cluster_it_found(
    repository: Repository, standins: StandIns, identified: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in standins.environment("serverless").items():
        monkeypatch.setenv(name, value)
    done = repository.crossnotes("targets")
    account = standins.account("serverless")
    wanted = rf"^tidb-serverless +external +8\.0\.11-TiDB-v8\.5\.3 +127\.0\.0\.1:{account.port}$"
    assert re.search(wanted, done.out, re.MULTILINE)
    assert account.password not in done.out


def test_targets_says_that_a_standin_is_no_tidb(
    repository: Repository, needs_mariadb: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDB_SERVER", str(STANDIN))
    rows = json.loads(repository.crossnotes("targets", "--json").out)
    problems = {row["target"]: row["problem"] for row in rows if row["problem"]}
    standins = [problem for name, problem in problems.items() if name.startswith("tidb")]
    assert len(standins) == 3
    assert all("the server is not TiDB: its version is " in problem for problem in standins)


# -- whose environment ----------------------------------------------------------------------------

TIDB_PAGE = "```sql\nSELECT 1 AS one;\n```\n"


def env_file(environment: dict[str, str]) -> str:
    return "".join(f"{name}='{value}'\n" for name, value in environment.items())


@pytest.mark.parametrize("place", [".env", "docs/.env", "project/.env"])
def test_env_file_that_lies_about_is_never_used(
    project: Repository, standins: StandIns, identified: None, place: str
) -> None:
    project.page(TIDB_PAGE)
    project.write(place, env_file(standins.environment("self-hosted")))
    arguments = ["test", "docs", "--django", "project"]
    done = project.crossnotes(*arguments, "--target", "tidb-self-hosted")
    assert done.code == 1
    assert "tidb-self-hosted: failed: set TIDB_SERVER" in done.out
    assert project.crossnotes(*arguments).code == 0


def test_env_file_that_was_named_is_used(
    project: Repository, standins: StandIns, identified: None
) -> None:
    project.page(TIDB_PAGE)
    project.write("theirs.env", env_file(standins.environment("dedicated")))
    done = project.crossnotes(
        *["test", "docs", "--django", "project", "--target", "tidb-dedicated"],
        *["--env-file", "theirs.env", "--ledger", "l"],
    )
    assert (done.code, done.err) == (0, ""), done.out
    document = project.json("l/tidb-dedicated.json")
    assert document["server"]["version"] == "8.0.11-TiDB-v8.5.3"
    assert set(document["versions"]) == {"python", "django", "mysqlclient", "django-tidb"}
    assert document["results"][0]["output"] == "one\n1"
    assert standins.databases("dedicated") == []


def test_password_is_in_nothing_that_a_run_writes(
    project: Repository, standins: StandIns, identified: None
) -> None:
    project.page(
        "```python\nfrom django.conf import settings\n"
        "print(settings.DATABASES)\nraise ValueError(settings.DATABASES)\n```\n"
    )
    project.write("theirs.env", env_file(standins.environment("serverless")))
    done = project.crossnotes(
        *["test", "docs", "--django", "project", "--target", "tidb-serverless"],
        *["--env-file", "theirs.env", "--ledger", "l", "--json", "r.json", "--junit", "j.xml"],
    )
    password = standins.account("serverless").password
    written = [done.out, done.err]
    written += [
        (project.root / n).read_text() for n in ("l/tidb-serverless.json", "r.json", "j.xml")
    ]
    assert done.code == 1
    assert not [text for text in written if password in text]
    assert all("********" in text for text in written if text)


# -- as a process of its own ----------------------------------------------------------------------


def test_process_ends_as_the_command_does(repository: Repository) -> None:
    repository.page(PASSING)
    done = command("test", "docs", cwd=repository.root)
    assert (done.returncode, done.stderr) == (0, "")
    repository.page(FAILING)
    done = command("test", "docs", cwd=repository.root)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("docs/a.md:5: [sqlite ")
    done = command("test", "nowhere", cwd=repository.root)
    assert (done.returncode, done.stdout) == (2, "")


def test_output_that_nobody_reads_is_no_traceback(repository: Repository) -> None:
    repository.page(FAILING)
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m crossnotes test docs | true"],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr


#: Says that it runs, and goes on for ever.
ENDLESS = """\
```python
import pathlib, subprocess
subprocess.Popen(["sleep", "1000"])
pathlib.Path({ready!r}).write_text("ready\\n")
while True:
    pass
```
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_run_that_is_ended_leaves_the_old_ledger_and_no_process(
    project: Repository, tmp_path: Path, number: signal.Signals
) -> None:
    project.page(PASSING)
    project.crossnotes("test", "docs", "--ledger", "l")
    before = (project.root / "l/sqlite.json").read_text()
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    project.page("---\ncrossnotes: {}\n---\n" + ENDLESS.format(ready=str(ready)))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "crossnotes",
            "test",
            "docs",
            "--django",
            "project",
            "--ledger",
            "l",
        ],
        cwd=project.root,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ready.open() as said:
        assert said.read() == "ready\n"
    # A process that is just being made may have no environment yet.
    attempts = (processes_with(f"TMPDIR={temporary}") for _ in range(100))
    started = next(found for found in attempts if len(found) >= 3)
    run.send_signal(number)
    _, error = run.communicate()
    assert run.returncode != 0
    assert "Traceback" not in error
    for pid in started:
        wait_for_end(pid)
    assert (project.root / "l/sqlite.json").read_text() == before
    assert os.listdir(project.root / "l") == ["sqlite.json"]
    if number != signal.SIGKILL:
        assert os.listdir(temporary) == []


INTERRUPTED = """\
```{{snippet}} python
:targets: tidb-self-hosted
from notes.models import Note
Note.objects.create(text="a")
open({ready!r}, "w").close()
while True:
    pass
```

```{{snippet}} python
:targets: sqlite
import os
while not os.path.exists({ready!r}):
    pass
os.kill({run}, 2)
while True:
    pass
```
"""


def test_ctrl_c_ends_the_programs_of_every_target(
    project: Repository, standins: StandIns, identified: None, tmp_path: Path
) -> None:
    project.page(
        "---\ncrossnotes: {}\n---\n"
        + INTERRUPTED.format(ready=str(tmp_path / "ready"), run=os.getpid())
    )
    project.write("theirs.env", env_file(standins.environment("self-hosted")))
    done = project.crossnotes(
        *["test", "docs", "--django", "project", "--env-file", "theirs.env", "--ledger", "l"],
        *["--target", "sqlite", "--target", "tidb-self-hosted"],
    )
    assert done.code == 1
    assert "Aborted" in done.err
    assert not (project.root / "l").exists()
    assert standins.databases("self-hosted") == []


def test_server_that_dies_leaves_a_ledger_of_what_was_seen(
    project: Repository,
    needs_mariadb: None,
    identified: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binary = tmp_path / "tidb-server"
    binary.write_text(f'#!/bin/sh\necho $$ > {tmp_path / "pid"}\nexec {STANDIN} "$@"\n')
    binary.chmod(0o755)
    monkeypatch.setenv("TIDB_SERVER", str(binary))
    project.page(TIDB_PAGE, "a.md")
    deadly = f"""\
import os, select, signal
pid = int(open({str(tmp_path / "pid")!r}).read())
server = os.pidfd_open(pid)
os.kill(pid, signal.SIGTERM)
select.select([server], [], [])
"""
    project.page(f"```python\n{deadly}```\n\n{TIDB_PAGE}", "b.md")
    project.page(TIDB_PAGE, "c.md")
    done = project.crossnotes(
        # One after the other: those beside the page that ends it could not be judged.
        *["test", "docs", "--django", "project", "--target", "tidb-self-hosted", "--ledger", "l"],
        *["--jobs", "1"],
    )
    assert done.code == 1
    assert "mistake in crossnotes" not in done.out
    results = project.json("l/tidb-self-hosted.json")["results"]
    assert [r["status"] for r in results if r["page"] == "docs/a.md"] == ["passed"]
    assert [r["status"] for r in results if r["page"] == "docs/b.md"][-1] == "failed"
    assert [r["status"] for r in results if r["page"] == "docs/c.md"] in ([], ["failed"])


def test_port_of_a_page_is_free_again_after_the_run(project: Repository) -> None:
    port = free_port()
    project.page(
        "---\ncrossnotes: {}\n---\n```{snippet} console\n"
        f":background: http://127.0.0.1:{port}/\n$ python manage.py migrate -v 0\n"
        "```\n"
    )
    # The command ends at once, so there is no server: the page fails, and nothing is left.
    done = project.crossnotes("test", "docs", "--django", "project")
    assert done.code == 1
    assert "the server ended with status 0" in done.out
    assert not [
        p
        for p in Path(tempfile.gettempdir()).glob("crossnotes-*")
        if str(port) in p.name and p.is_dir()
    ]


def test_required_target_that_no_page_is_for_still_has_to_be_had(repository: Repository) -> None:
    repository.page("---\ncrossnotes: {targets: [sqlite]}\n---\n# A\n\n```python\nx = 1\n```\n")
    both = ["--target", "sqlite", "--target", "tidb-dedicated"]
    done = repository.crossnotes("test", "docs", *both)
    assert done.code == 1
    assert "tidb-dedicated: failed: set TIDB_SERVER" in done.out


def test_list_tells_problems_of_snippets_too(repository: Repository) -> None:
    repository.page("# A\n\n```{snippet} python\n:skip:\n\nx = 1\n```\n")
    done = repository.crossnotes("list", "docs")
    assert done.code == 1
    assert done.err.startswith("docs/a.md:4: :skip: needs a reason")


@pytest.mark.parametrize(
    ("language", "option"),
    [
        ("python", "background: http://127.0.0.1:1/"),
        ("dotenv", "raises: X"),
        ("dotenv", "timeout: 1"),
    ],
)
def test_option_that_means_nothing_for_its_block_is_a_failure(
    repository: Repository, language: str, option: str
) -> None:
    repository.page(f"# A\n\n```{{snippet}} {language}\n:{option}\n\nX=1\n```\n")
    done = repository.crossnotes("test", "docs")
    assert done.code == 1
    assert f"this is a {language} block" in done.out
