"""Result: what one snippet did on one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "excused"]

#: How the reasons begin that a run gives for an excuse; the rest is the page's own reason, or a
#: place such as `docs/a.md:12 failed`.
NOT_REACHED = "not reached: "
EXPECTED_TO_FAIL = "expected to fail: "
#: The excuse of a page that only pytest can run.
NEEDS_PYTEST = "uses pytest fixtures; run it with pytest"

#: The excuses where there is no server: of a block that was compiled and found right, and of the
#: others.
COMPILED = "compiled, not run"
NEEDS_SERVER = "it needs a server"

#: The excuse of a block that the server refused to the account that pages have on a server of
#: others, and of those after it.
NEEDS_RIGHTS = "pages have no right to it on this server; --trust-pages gives them those of yours"

#: The excuse of commands that the person who runs pages does not want run.
NO_SHELL = "it is a shell command, and --no-shell skips these"

#: The excuse of a listing in a language that is not run, of a file that is not the project's.
ONLY_SHOWN = "only shown: it is a file that no program runs"


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for the person who mends it. `line` is a line of the page; `details` are
    lines that show more, already short; `page` is the file that the line is of, where an
    `include` took the block from there."""

    line: int
    message: str
    expected: str = ""
    got: str = ""
    details: tuple[str, ...] = ()
    page: str = ""


class BlockFailedError(Exception):
    """A block did not do what its page says. `failure` is what its author is told, `output` what
    the block had printed so far."""

    def __init__(self, failure: Failure, output: str = "") -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.output = output


@dataclass(frozen=True, slots=True)
class Result:
    """One snippet on one target; its fields are those of the ledger (design.md), and `failure`,
    which the ledger sums up in `reason`, and `parts`, what each example or command printed.
    `seconds` is wall time. What the repository keeps has besides: `when`, the day on which the
    answer was first seen; `answer`, what a block that failed answered; and `on`, the versions that
    it was seen on, as far as they are others than the ledger's."""

    page: str
    line: int
    index: int
    name: str
    language: str
    tab: tuple[str, ...]
    code_sha256: str
    program_sha256: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    output: str = ""
    failure: Failure | None = None
    parts: tuple[str, ...] = ()
    when: str = ""
    answer: str = ""
    on: tuple[tuple[str, str], ...] = ()


def is_not_reached(result: Result) -> bool:
    """Whether a block was not run, for one before it had failed. That is no excuse: the page is
    not green."""
    return result.status == "excused" and result.reason.startswith(NOT_REACHED)
