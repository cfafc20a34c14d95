"""The results of a repository: taken over from runs, kept while they hold, and printed."""

import json
import sqlite3
from pathlib import Path

import pytest

from crossnotes.targets import Identity, every_target
from crossnotes.text import paths

from .conftest import Repository

SERIES = every_target()["sqlite"].series(Identity(sqlite3.sqlite_version))
SQLITE = f"sqlite@{SERIES}"
FILE = f"ledger/{SQLITE}.json"

PAGE = """\
# A

```{snippet} python
:name: one
print("one")
```

```python
print(2)
```
"""
OTHER = "# B\n\n```python\nprint('b')\n```\n"


@pytest.fixture
def kept(repository: Repository) -> Repository:
    """A repository with two pages and the results of a run."""
    repository.page(PAGE)
    repository.page(OTHER, "b.md")
    assert repository.crossnotes("test", "docs", "--ledger", "run").code == 0
    done = repository.crossnotes("results-from", "run")
    assert (done.code, done.err) == (0, "")
    assert done.lines == [f"{SQLITE}: 0 changed, 3 new, 0 the same, 0 gone"]
    return repository


def results(repository: Repository, file: str = FILE) -> list[dict[str, object]]:
    found: list[dict[str, object]] = repository.json(file)["results"]
    return found


def test_results_are_kept_by_target_and_series(kept: Repository) -> None:
    document = kept.json(FILE)
    assert list(document) == [
        *("schema", "target", "series", "where", "server", "versions", "results")
    ]
    assert document["where"] == {"kind": "built in"}
    assert [(r["page"], r["line"], r["output"]) for r in document["results"]] == [
        ("docs/a.md", 5, "one\n"),
        ("docs/a.md", 9, "2\n"),
        ("docs/b.md", 4, "b\n"),
    ]


def test_run_that_changed_nothing_changes_nothing(kept: Repository) -> None:
    before = (kept.root / FILE).read_bytes()
    kept.crossnotes("test", "docs", "--no-reuse", "--ledger", "again")
    run = kept.json("again/sqlite.json")
    run["finished"] = "2031-01-01T00:00:00Z"
    kept.write("again/sqlite.json", json.dumps(run))
    done = kept.crossnotes("results-from", "again")
    assert done.lines == [f"{SQLITE}: nothing has changed"]
    assert (kept.root / FILE).read_bytes() == before


def test_other_answer_is_told_and_has_the_day_of_the_run(kept: Repository) -> None:
    run = kept.json("run/sqlite.json")
    run["finished"] = "2031-01-01T00:00:00Z"
    run["results"][1] |= {"status": "failed", "reason": "wrong", "answer": "3\n", "output": ""}
    kept.write("run/sqlite.json", json.dumps(run))
    done = kept.crossnotes("results-from", "run")
    assert done.lines == [
        f"{SQLITE}: 1 changed, 0 new, 2 the same, 0 gone",
        "  docs/a.md:9: passed before, failed now",
    ]
    first, second, _ = results(kept)
    assert (second["answer"], second["when"]) == ("3\n", "2031-01-01")
    assert first["when"] != "2031-01-01"


def test_what_a_run_did_not_take_stays_while_the_pages_have_it(kept: Repository) -> None:
    kept.page(PAGE.replace("print(2)", "print(3)"))
    kept.crossnotes("test", "docs/a.md", "--ledger", "part")
    kept.crossnotes("results-from", "part")
    assert [r["output"] for r in results(kept)] == ["one\n", "3\n", "b\n"]
    (kept.root / "docs/b.md").unlink()
    done = kept.crossnotes("results-from", "part")
    assert done.lines == [f"{SQLITE}: 0 changed, 0 new, 2 the same, 1 gone"]
    assert {r["page"] for r in results(kept)} == {"docs/a.md"}


def test_result_of_an_older_page_does_not_replace_one_that_holds(kept: Repository) -> None:
    kept.page(PAGE.replace("print(2)", "print(3)"))
    kept.crossnotes("test", "docs", "--ledger", "new")
    kept.crossnotes("results-from", "new")
    before = (kept.root / FILE).read_bytes()
    assert kept.crossnotes("results-from", "run").code == 0
    assert (kept.root / FILE).read_bytes() == before


def test_results_of_another_patch_release_say_so(kept: Repository) -> None:
    run = kept.json("run/sqlite.json")
    run["server"]["version"] = f"{SERIES}.99"
    run["results"] = run["results"][:2]
    kept.write("run/sqlite.json", json.dumps(run))
    kept.crossnotes("results-from", "run")
    assert kept.json(FILE)["server"]["version"] == f"{SERIES}.99"
    assert [r.get("on") for r in results(kept)] == [
        None,
        None,
        {"server": sqlite3.sqlite_version},
    ]


@pytest.mark.parametrize("broken", [FILE, "run/sqlite.json"])
def test_nothing_is_replaced_where_a_ledger_cannot_be_read(kept: Repository, broken: str) -> None:
    text = (kept.root / broken).read_text(encoding="utf-8").replace('"passed"', '"perfect"')
    kept.write(broken, text)
    before = (kept.root / FILE).read_bytes()
    done = kept.crossnotes("results-from", "run")
    assert done.code == 2
    assert f"{broken}:" in done.err
    assert "status 'perfect'; known are" in done.err
    assert (kept.root / FILE).read_bytes() == before


def test_ledger_of_a_stranger_writes_only_into_the_folder(kept: Repository) -> None:
    run = kept.json("run/sqlite.json")
    for target, message in (
        ("../../evil", "'../../evil' cannot be the name of a target"),
        ("evil", "unknown target 'evil'; known are: "),
    ):
        kept.write("run/sqlite.json", json.dumps(run | {"target": target}))
        done = kept.crossnotes("ledgers-from", "run", "--into", "into/deep")
        assert (done.code, message in done.err) == (2, True)
    assert not list(kept.root.parent.rglob("evil*"))
    assert not (kept.root / "into").exists()


def test_paths_and_secrets_of_a_machine_are_not_kept(
    kept: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-hunter2")
    run = kept.json("run/sqlite.json")
    seeded = f"in {kept.root}/x.py, /home/me/y, C:\\Users\\me\\z and hunter2-hunter2"
    run["results"][0]["output"] = seeded
    run["results"][1] |= {"status": "failed", "reason": seeded, "answer": seeded}
    kept.write("run/sqlite.json", json.dumps(run))
    kept.crossnotes("results-from", "run")
    text = (kept.root / FILE).read_text(encoding="utf-8")
    assert "in …/x.py, …/y, …/z and ********" in text
    for secret in ("hunter2", "/home/", "Users", str(kept.root)):
        assert secret not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/me/.venv/lib/python3.11/site-packages (from x)", "…/site-packages (from x)"),
        ("File '/srv/app/.venv/bin/python', line 1", "File '…/python', line 1"),
        ("/opt/hostedtoolcache/Python/3.11/x64/bin", "…/bin"),
        ("wrote /tmp/crossnotes_ab12/a.py.", "wrote …/a.py."),
        ("/private/var/folders/x1/T/a", "…/a"),
        ("'/run/mysqld/mysqld.sock'", "'/run/mysqld/mysqld.sock'"),
        ("GET /admin/ and https://example.com/home/page", None),
        ("docs/home/page.md and a/root/b", None),
        ("/usr/lib/python3", None),
    ],
)
def test_paths_are_shortened_where_they_are_of_one_machine(text: str, shown: str | None) -> None:
    assert paths.masked(text) == (text if shown is None else shown)


# -- what is wrong with a folder ------------------------------------------------------------------


def test_ledgers_that_cannot_be_used_are_told_with_file_and_line(kept: Repository) -> None:
    text = (kept.root / FILE).read_text(encoding="utf-8")
    kept.write("ledger/copy.json", text)
    kept.write("ledger/newer.json", '{"schema": 9}')
    kept.write("ledger/garbled.json", text.replace('"results": [', '"results": [['))
    (kept.root / "docs/b.md").unlink()
    done = kept.crossnotes("answers", "a")
    assert done.code == 0
    told = done.err.splitlines()
    assert told[0].startswith("ledger/copy.json:12: the page docs/b.md no longer exists")
    assert told[1].startswith("ledger/garbled.json:")
    assert "not a ledger: no JSON" in told[1]
    assert told[2].startswith("ledger/newer.json:1: schema 9; this version knows 1 and 2")
    assert told[3] == (
        f"ledger/{SQLITE}.json:1: a second file of {SQLITE}, beside ledger/copy.json; its results "
        "are not shown: keep one of the two"
    )


# -- confirmed ------------------------------------------------------------------------------------


def test_results_that_no_run_confirms_are_refused(kept: Repository) -> None:
    assert kept.crossnotes("results", "--check", "run").code == 0
    text = (kept.root / FILE).read_text(encoding="utf-8")
    kept.write(FILE, text.replace('"output": "2\\n"', '"output": "7\\n"'))
    done = kept.crossnotes("results", "--check", "run")
    assert (done.code, done.lines) == (
        1,
        [f"docs/a.md:9: {SQLITE}: answered 7 in {FILE}, 2 in the run"],
    )
    run = kept.json("run/sqlite.json")
    kept.write("run/sqlite.json", json.dumps(run | {"results": run["results"][:1]}))
    done = kept.crossnotes("results", "--check", "run")
    assert done.lines[-1] == f"docs/b.md:4: {SQLITE}: no run has a result of it"
    # Of another version, the run says nothing.
    run["server"]["version"] = "3.1.0"
    kept.write("run/sqlite.json", json.dumps(run))
    assert kept.crossnotes("results", "--check", "run").code == 0


# -- printed --------------------------------------------------------------------------------------


def test_answers_of_a_subject_by_database_and_version(kept: Repository) -> None:
    done = kept.crossnotes("answers", "a/one")
    assert done.lines[0] == "docs/a.md:5: a/one"
    row = next(line for line in done.lines if SQLITE in line)
    assert row.split() == [SQLITE, sqlite3.sqlite_version, "passed", "one"]
    found = [json.loads(x) for x in kept.crossnotes("answers", "a", "--json").lines]
    assert [x["id"].partition("/")[0] for x in found] == ["a", "a"]
    assert found[1]["answers"][SQLITE]["output"] == "2\n"
    assert found[1]["source"] == "docs/a.md:9"
    only = kept.crossnotes("answers", "a/one", "--target", "sqlite>=99", "--json").lines
    assert json.loads(only[0])["answers"] == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no page 'nowhere' has blocks; known are: a, b"),
        (["a/two"], "a has no block 'two'; known are: one, "),
        (["a", "--target", "mysql=>8"], "cannot read 'mysql=>8'"),
        (["a", "--target", "mysql>=99"], "mysql>=99 matches no known version"),
    ],
)
def test_answers_to_what_nobody_asked(kept: Repository, arguments: list[str], message: str) -> None:
    done = kept.crossnotes("answers", *arguments)
    assert (done.code, message in done.err) == (2, True)


def test_results_runs_what_can_be_had_and_keeps_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.page(PAGE)
    done = repository.crossnotes("results", "--target", "sqlite")
    assert (done.code, done.lines[-1]) == (
        0,
        f"{SQLITE}: 0 changed, 2 new, 0 the same, 0 gone",
    )
    assert [r["status"] for r in results(repository)] == ["passed", "passed"]
    assert repository.crossnotes("results", "--target", "mysql@8").code == 2
