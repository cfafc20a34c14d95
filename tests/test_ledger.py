"""Ledgers: written at once, read back as they were, and merged by what still holds."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crossnotes import ledger as ledgers
from crossnotes.ledger import Ledger, LedgerError
from crossnotes.result import Failure, Result, Status
from crossnotes.targets import Identity

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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '{"schema": 1}',
        '{"schema": 1, "target": "sqlite", "finished": "yesterday", "results": []}',
        '{"schema": 1, "target": "s", "finished": "2026-11-20T01:02:03Z", "server": {"version":'
        ' "1", "tidb_version": null}, "versions": {}, "results": ["x"]}',
        '{"schema": 1, "target": "s", "finished": "2026-11-20T01:02:03Z", "server": {"version":'
        ' "1", "tidb_version": null}, "versions": {}, "results": [{"page": "a", "tab": []}]}',
        '{"schema": 1, "target": "s", "finished": "2026-11-20T01:02:03Z", "server": "1",'
        ' "versions": {}, "results": []}',
    ],
)
def test_file_that_is_no_ledger_is_named_and_never_in_the_way(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sqlite.json"
    path.write_text(text)
    with pytest.raises(LedgerError, match=f"^{re.escape(str(path))}: not a ledger"):
        ledgers.read(path)
    assert ledgers.read_if_there(path) is None


def test_file_that_is_not_utf8_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(LedgerError, match="not a ledger"):
        ledgers.read(tmp_path / "l.json")


def test_ledger_of_another_schema_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('{"schema": 2}')
    with pytest.raises(LedgerError, match="schema 2; this version knows 1"):
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
