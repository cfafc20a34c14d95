"""`--shard i/n`: the ledgers of all parts together are those of one run."""

import json
from typing import Any

import pytest

from .conftest import Repository

PAGES = 5


@pytest.fixture
def pages(repository: Repository) -> Repository:
    for number in range(PAGES):
        failing = (
            "\n```python\n1 / 0\n```\n\n```python\nprint('never')\n```\n" if number == 3 else ""
        )
        repository.page(
            f"# {number}\n\n```python\nprint({number})\n```\n\n"
            f"```sql\nSELECT {number};\n```\n{failing}",
            f"{number}.md",
        )
    return repository


def facts(ledger: dict[str, Any]) -> dict[str, Any]:
    """All of a ledger that two runs have in common: not when, and not how long."""
    results = [{k: v for k, v in r.items() if k != "seconds"} for r in ledger["results"]]
    return {**ledger, "finished": "", "results": results}


def run(repository: Repository, shard: str, folder: str) -> list[str]:
    """The pages that a part ran."""
    options = ["--shard", shard] if shard else []
    repository.crossnotes("test", "docs", "--no-reuse", "--ledger", folder, *options)
    return sorted({r["page"] for r in repository.json(f"{folder}/sqlite.json")["results"]})


@pytest.mark.parametrize("of", [1, 2, 3, PAGES])
def test_parts_taken_together_are_one_run(pages: Repository, of: int) -> None:
    run(pages, "", "one")
    parts = [run(pages, f"{number}/{of}", f"parts/{number}") for number in range(1, of + 1)]
    assert sorted(page for part in parts for page in part) == [
        f"docs/{number}.md" for number in range(PAGES)
    ]
    for folder, into in (("one", "of-one"), ("parts", "of-parts")):
        done = pages.crossnotes("results-from", folder, "--into", into)
        assert done.code == 0, done.err
    (one,) = (pages.root / "of-one").glob("*.json")
    (merged,) = (pages.root / "of-parts").glob("*.json")
    assert one.name == merged.name
    found = facts(json.loads(merged.read_text()))
    assert found == facts(json.loads(one.read_text()))
    assert len(found["results"]) == 2 * PAGES + 2


def test_parts_that_write_into_one_folder_are_one_run(pages: Repository) -> None:
    run(pages, "", "one")
    for number in (1, 2, 3):
        run(pages, f"{number}/3", "together")
    assert facts(pages.json("together/sqlite.json")) == facts(pages.json("one/sqlite.json"))


def test_part_without_pages_is_green(pages: Repository) -> None:
    done = pages.crossnotes("test", "docs", "--shard", "6/6")
    assert done.code == 0


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_part_that_is_none_is_told(pages: Repository, shard: str) -> None:
    done = pages.crossnotes("test", "docs", f"--shard={shard}")
    assert done.code == 2
    assert f"--shard {shard}: write the part and the number of parts, such as 2/5" in done.err
