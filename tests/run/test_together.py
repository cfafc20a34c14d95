"""Programs that are handed to one interpreter together: what happens to one is not another's."""

import pytest

from ..conftest import Repository

MINE = "import os, sys\nassert 'mine' not in globals()\nmine = 1\nprint(os.getpid())"
COUNT = "from notes.models import Note\nprint(Note.objects.count())\nNote.objects.create(stars=1)"


def fence(code: str, options: str = "") -> str:
    return (
        f"```{{snippet}} python\n{options}{code}\n```\n" if options else f"```python\n{code}\n```\n"
    )


def outcomes(repository: Repository, *pages: str) -> list[tuple[str, str]]:
    """Status and output of each block; of one that did not pass, its status and its reason."""
    for number, text in enumerate(pages):
        repository.page(text, f"{number}.md")
    results = repository.run().results
    return [(r.status, r.output if r.status == "passed" else r.reason) for r in results]


def test_one_process_serves_them_all_and_each_begins_anew(repository: Repository) -> None:
    found = outcomes(repository, *[fence(MINE)] * 5)
    assert {status for status, _ in found} == {"passed"}
    assert len({output for _, output in found}) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os._exit(3)", "ended the interpreter: it ended with status 3"),
        ("import ctypes; ctypes.string_at(0)", "ended the interpreter: it was ended by SIGSEGV"),
        ("os.environ['NEW'] = '1'", "this block leaves the environment (NEW) changed"),
        ("sys.exit(4)", "SystemExit: the block ended the interpreter with status 4"),
    ],
)
def test_one_that_breaks_the_process_fails_alone(
    repository: Repository, code: str, reason: str
) -> None:
    bad = fence(MINE) + fence(code) + fence("after = 1")
    found = outcomes(repository, fence(MINE), bad, *[fence(MINE)] * 3)
    assert [status for status, _ in found] == ["passed", "passed", "failed", "excused"] + [
        "passed"
    ] * 3
    assert found[2][1].startswith(reason)
    assert found[3][1] == "not reached: docs/1.md:8 failed"


def test_one_that_hangs_is_ended_after_its_own_time(repository: Repository) -> None:
    hangs = fence("x = 1") + fence("while True: pass", ":timeout: 0.5\n")
    found = outcomes(repository, fence(MINE), hangs, fence(MINE))
    assert [status for status, _ in found] == ["passed", "passed", "failed", "passed"]
    assert found[2][1] == "took longer than 0.5 s and was ended"


def test_rows_of_each_are_gone_for_the_next(project: Repository) -> None:
    failing = fence(COUNT) + fence("1 / 0")
    found = outcomes(project, fence(COUNT), failing, fence(COUNT))
    assert [output for status, output in found if status == "passed"] == ["0\n"] * 3


def test_block_that_cannot_be_tried_stops_its_program_only(repository: Repository) -> None:
    wrong = fence("x = 1") + fence("x = 2", ":rises: KeyError\n") + fence("x = 3")
    found = outcomes(repository, wrong, fence(MINE))
    assert [status for status, _ in found] == ["passed", "failed", "excused", "passed"]
    assert "unknown option 'rises'" in found[1][1]


def test_block_that_cannot_be_tried_may_be_expected_to_fail(repository: Repository) -> None:
    wrong = fence("x = 1") + fence("x = 2", ":rises: KeyError\n:xfail: later\n") + fence("print(x)")
    found = outcomes(repository, wrong)
    assert found == [
        ("passed", ""),
        ("excused", "expected to fail: later"),
        ("passed", "1\n"),
    ]


def test_more_than_one_request_takes(repository: Repository) -> None:
    found = outcomes(repository, *["\n".join([fence(MINE), *[fence("mine += 1")] * 30])] * 20)
    assert [status for status, _ in found] == ["passed"] * 31 * 20


def test_with_fail_fast_no_program_follows_the_first_that_fails(repository: Repository) -> None:
    repository.page(fence("1 / 0"), "0.md")
    mark = repository.root / "mark"
    repository.page(fence(f"open({str(mark)!r}, 'w').close()"), "1.md")
    assert [r.status for r in repository.run(fail_fast=True).results] == ["failed"]
    assert not mark.exists()
