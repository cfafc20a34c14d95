"""Ledgers: written at once, read back as they were, and merged by what still holds."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crossnotes import ledger as ledgers
from crossnotes.ledger import Ledger, LedgerError
from crossnotes.result import Failure, Result, Status
from crossnotes.targets import Identity, Where

VERSIONS = {"python": "3.11.7", "django": "5.2.19"}


def result(
    page: str = "docs/a.md", index: int = 0, status: Status = "passed", **more: object
) -> Result:
    fields: dict[str, object] = {
        "line": 10 + index,
        "name": "",
        "language": "python",
        "tab": (),
        "code_sha256": "c" * 64,
        "program_sha256": "p" * 64,
    } | more
    return Result(page=page, index=index, status=status, **fields)  # type: ignore[arg-type]


def ledger(*results: Result, version: str = "3.40.1", **more: object) -> Ledger:
    fields: dict[str, object] = {
        "target": "sqlite",
        "finished": datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC),
        "server": Identity(version),
        "versions": VERSIONS,
        "results": results,
    } | more
    return Ledger(**fields)  # type: ignore[arg-type]


# -- on disk --------------------------------------------------------------------------------------


def test_ledger_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = ledger(
        result(tab=("TiDB", "Linux"), name="n", seconds=0.25, output="1 | ハハ\n\t\\x\u2028"),
        result(index=1, status="excused", reason="not reached: docs/a.md:10 failed"),
        result(index=2, status="failed", reason="ZeroDivisionError: division by zero"),
        target="tidb-dedicated",
        server=Identity("8.0.11-TiDB-v8.5.3", "Release Version: v8.5.3\nEdition: Community"),
    )
    ledgers.write(written, tmp_path / "deep" / "l.json")
    assert ledgers.read(tmp_path / "deep" / "l.json") == written


def test_ledger_without_results_is_read_back(tmp_path: Path) -> None:
    ledgers.write(ledger(), tmp_path / "l.json")
    assert ledgers.read(tmp_path / "l.json") == ledger()


def test_file_has_the_fields_that_others_rely_on(tmp_path: Path) -> None:
    failure = Failure(12, "wrong", "1", "2")
    ledgers.write(ledger(result(failure=failure, tab=("A",))), tmp_path / "l.json")
    document = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert document == {
        "schema": 1,
        "target": "sqlite",
        "finished": "2026-11-20T01:02:03Z",
        "server": {"version": "3.40.1", "tidb_version": None},
        "versions": VERSIONS,
        "results": [
            {
                "page": "docs/a.md",
                "line": 10,
                "index": 0,
                "name": "",
                "language": "python",
                "tab": ["A"],
                "code_sha256": "c" * 64,
                "program_sha256": "p" * 64,
                "status": "passed",
                "reason": "",
                "seconds": 0.0,
                "output": "",
            }
        ],
    }


def test_file_may_be_read_by_anyone_and_has_no_neighbours(tmp_path: Path) -> None:
    for _again in range(2):
        ledgers.write(ledger(result()), tmp_path / "l.json")
    assert (tmp_path / "l.json").stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["l.json"]


def test_writing_that_breaks_off_leaves_the_old_ledger_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    ledgers.write(ledger(result()), path)
    with pytest.raises(TypeError):
        ledgers.write(ledger(result(), result(index=1, output=object())), path)
    assert ledgers.read(path) == ledger(result())
    assert os.listdir(tmp_path) == ["l.json"]


HEAD = (
    '{"schema": 1, "target": "s", "finished": "2026-11-20T01:02:03Z", "server": {"version": "1.2", '
    '"tidb_version": null}, "versions": {}, "results": ['
)
GOOD = (
    '{"page": "docs/a.md", "line": 1, "index": 0, "name": "", "language": "sql", "tab": [], '
    '"code_sha256": "c", "program_sha256": "p", "status": "passed", "reason": "", "seconds": 0.1, '
    '"output": ""}'
)


def with_result(before: str, after: str) -> str:
    """A ledger with a good result and, on the line after it, one that was changed."""
    second = GOOD.replace('"index": 0', '"index": 1')
    assert before in second
    return f"{HEAD}\n{GOOD},\n{second.replace(before, after)}\n]}}"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "no JSON: Expecting value"),
        ('{"schema": 1,\n"target" "s"}', 2, "no JSON: Expecting ':' delimiter"),
        ("[" * 100_000, 1, "RecursionError"),
        ("[]", 1, "a table was expected"),
        ("null", 1, "a table was expected"),
        ('{"schema": 1}', 1, "target is missing"),
        (HEAD.replace('"s"', '"../../evil"') + "]}", 1, "'../../evil' cannot be the name of a"),
        (HEAD.replace('"s"', "7") + "]}", 1, "target has to be a text"),
        (HEAD.replace("2026-11-20T01:02:03Z", "yesterday") + "]}", 1, "'yesterday' is not a time"),
        (HEAD.replace('"1.2"', '"new"') + "]}", 1, "the server's version 'new' has no number"),
        (HEAD.replace('{"version": "1.2", "tidb_version": null}', '"1"') + "]}", 1, "server has"),
        (HEAD.replace('"versions": {}', '"versions": {"django": 5}') + "]}", 1, "versions has to"),
        (HEAD.replace('"versions"', '"where": {"kind": "moon"}, "versions"') + "]}", 1, "kind 'mo"),
        (HEAD.replace("[", "{") + "}}", 1, "results has to be a list"),
        (f'{HEAD}\n"x"]}}', 1, "a result is a table"),
        (with_result('"line": 1', '"line": -1'), 3, "line has to be a whole number"),
        (with_result('"line": 1', '"line": true'), 3, "line has to be a whole number"),
        (with_result('"tab": []', '"tab": [1]'), 3, "tab has to be a list of texts"),
        (with_result('"passed"', '"perfect"'), 3, "status 'perfect'; known are: passed, failed"),
        (with_result('"reason": ""', '"reason": null'), 3, "reason has to be a text"),
        (with_result('"output": ""', r'"output": "\ud800"'), 3, "output has to be a text"),
        (with_result("0.1", "NaN"), 3, "seconds has to be a number"),
        (with_result('"name": "", ', '"when": "today", '), 3, "when 'today' is not a day"),
        (
            with_result('"index": 1', '"index": 1').replace('"index": 1', '"index": 0'),
            3,
            "a second",
        ),
    ],
)
def test_file_that_is_no_ledger_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    path = tmp_path / "sqlite.json"
    path.write_text(text)
    with pytest.raises(LedgerError) as caught:
        ledgers.read_if_there(path)
    assert str(caught.value).startswith(f"{path}:{line}: not a ledger: {what}")
    assert "restore the file, or delete it" in str(caught.value)


def test_file_that_is_not_utf8_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(LedgerError, match="not a ledger"):
        ledgers.read(tmp_path / "l.json")


def test_ledger_of_another_schema_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('{\n"schema": 3}')
    with pytest.raises(
        LedgerError, match=r"l.json:2: schema 3; this version knows 1 and 2: install"
    ):
        ledgers.read(tmp_path / "l.json")


def test_fields_that_a_later_version_adds_are_passed_over(tmp_path: Path) -> None:
    ledgers.write(ledger(result()), tmp_path / "l.json")
    document = json.loads((tmp_path / "l.json").read_text())
    document["results"][0]["mood"] = "good"
    document["weather"] = "fine"
    (tmp_path / "l.json").write_text(json.dumps(document))
    assert ledgers.read(tmp_path / "l.json") == ledger(result())


def test_folder_of_ledgers_is_read_by_target(tmp_path: Path) -> None:
    for target in ("tidb-dedicated", "sqlite"):
        ledgers.write(ledger(target=target), ledgers.path_of(tmp_path, target))
    assert [found.target for found in ledgers.read_all(tmp_path)] == ["sqlite", "tidb-dedicated"]
    assert ledgers.read_all(tmp_path / "none") == []
    assert ledgers.read_if_there(tmp_path / "none.json") is None


# -- in the repository ----------------------------------------------------------------------------


def test_ledger_of_the_repository_is_read_back_without_its_seconds(tmp_path: Path) -> None:
    written = ledger(
        result(tab=("TiDB",), name="n", output="1\n", when="2026-11-19"),
        result(index=1, status="failed", reason="wrong", answer="2\n", when="2026-11-20"),
        result("docs/b.md", on=(("server", "v8.5.2"),), when="2026-11-18"),
        target="tidb-serverless",
        server=Identity(
            "8.0.11-TiDB-v8.5.3",
            "Release Version: v8.5.3",
            Where("started", "unistore", "serverless"),
        ),
        finished=datetime(2026, 11, 20, tzinfo=UTC),
    )
    path = ledgers.path_of(tmp_path, written.name)
    assert path.name == "tidb-serverless@8.5.json"
    assert ledgers.write_kept(written, path)
    found = ledgers.read(path)
    assert found == written
    assert found.server.where == written.server.where
    assert not ledgers.write_kept(found, path)
    text = path.read_text(encoding="utf-8")
    assert "seconds" not in text
    # One result a line, and an empty line between two pages.
    lines = text.split("\n")
    assert [line[:19] for line in lines[7:12]] == [
        "",
        '{"page": "docs/a.md',
        '{"page": "docs/a.md',
        "",
        '{"page": "docs/b.md',
    ]


def test_answer_of_what_failed_is_kept(tmp_path: Path) -> None:
    failed = result(status="failed", failure=Failure(3, "not what the page shows", "1", "2"))
    ledgers.write(ledger(failed), tmp_path / "l.json")
    assert ledgers.read(tmp_path / "l.json").results[0].answer == "2"


def test_series_that_the_version_is_not_of_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sqlite@3.40.json"
    ledgers.write_kept(ledger(result()), path)
    path.write_text(path.read_text().replace('"series": "3.40"', '"series": "3.50"'))
    with pytest.raises(LedgerError, match=r"json:3: not a ledger: series '3.50', and the server"):
        ledgers.read(path)


def test_changes_of_two_people_to_two_pages_are_merged_as_text(tmp_path: Path) -> None:
    def kept(*states: Status) -> str:
        pages = ("docs/a.md", "docs/b.md", "docs/c.md")
        found = [result(page, 0, state) for page, state in zip(pages, states, strict=True)]
        return "".join(ledgers.kept_lines_of(ledger(*found)))

    texts = {
        "ours": kept("failed", "passed", "passed"),
        "base": kept("passed", "passed", "passed"),
        "theirs": kept("passed", "failed", "passed"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    names = [tmp_path / name for name in texts]
    merged = subprocess.run(
        ["git", "merge-file", "-p", *names], capture_output=True, text=True, check=False
    )
    assert (merged.returncode, merged.stdout) == (0, kept("failed", "failed", "passed"))


def test_what_a_killed_write_has_left_is_no_ledger(tmp_path: Path) -> None:
    ledgers.write(ledger(), tmp_path / "l.json")
    (tmp_path / ".abc.json").write_text("{")
    assert len(ledgers.read_all(tmp_path)) == 1


# -- merging --------------------------------------------------------------------------------------

A0, A1, B0 = result("docs/a.md", 0), result("docs/a.md", 1), result("docs/b.md", 0)


def test_run_of_some_pages_replaces_only_their_results() -> None:
    new = result("docs/a.md", 0, "failed")
    merged = ledger(new).merged_into(ledger(A0, A1, B0), {"docs/a.md"})
    # The page's second block is gone with its earlier result: the page has no such block any more.
    assert merged.results == (new, B0)


def test_run_of_some_blocks_replaces_only_theirs() -> None:
    new = result("docs/a.md", 0, "failed")
    assert ledger(new).merged_into(ledger(A0, A1, B0), set()).results == (new, A1, B0)


def test_run_of_a_page_that_has_no_blocks_any_more_removes_its_results() -> None:
    assert ledger().merged_into(ledger(A0, B0), {"docs/a.md"}).results == (B0,)


def test_merged_results_are_in_page_order() -> None:
    merged = ledger(A1, A0).merged_into(ledger(B0), {"docs/a.md"})
    assert merged.results == (A0, A1, B0)


def test_first_ledger_stands_alone() -> None:
    assert ledger(A0).merged_into(None, {"docs/a.md"}) == ledger(A0)


def test_another_server_version_discards_what_was() -> None:
    earlier = ledger(A0, B0, version="3.39.0")
    assert ledger(A0).merged_into(earlier, {"docs/a.md"}).results == (A0,)


def test_another_tidb_behind_the_same_mysql_version_discards_what_was() -> None:
    earlier = ledger(B0, server=Identity("8.0.11-TiDB", "Release Version: v8.5.2"))
    now = ledger(A0, server=Identity("8.0.11-TiDB", "Release Version: v8.5.3"))
    assert now.merged_into(earlier, {"docs/a.md"}).results == (A0,)


def test_a_server_that_was_had_otherwise_discards_what_was() -> None:
    earlier = ledger(B0, server=Identity("3.40.1", where=Where("external")))
    assert ledger(A0).merged_into(earlier, {"docs/a.md"}).results == (A0,)


def test_another_driver_or_django_discards_what_was() -> None:
    for versions in ({**VERSIONS, "django": "5.2.18"}, {**VERSIONS, "mysqlclient": "2.3.1"}):
        earlier = ledger(B0, versions=versions)
        assert ledger(A0).merged_into(earlier, {"docs/a.md"}).results == (A0,)


def test_merged_ledger_has_the_date_of_the_new_run() -> None:
    earlier = ledger(B0, finished=datetime(2020, 1, 1, tzinfo=UTC))
    assert ledger(A0).merged_into(earlier, {"docs/a.md"}).finished.year == 2026


def test_block_that_several_programs_read_has_its_worst_result() -> None:
    failed, excused = result(status="failed"), result(status="excused")
    assert ledgers.one_per_snippet([A0, failed, A0]) == (failed,)
    assert ledgers.one_per_snippet([excused, A0]) == (A0,)
    first = result(output="1")
    assert ledgers.one_per_snippet([first, A0, B0, A1]) == (first, A1, B0)
