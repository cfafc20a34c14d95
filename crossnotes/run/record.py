"""What is found out about one program while it runs, as Results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from crossnotes.child.protocol import Answer, Block, Update
from crossnotes.page import Output, Snippet
from crossnotes.program import Program, expected_of, hashes
from crossnotes.result import (
    COMPILED,
    EXPECTED_TO_FAIL,
    NEEDS_RIGHTS,
    NOT_REACHED,
    BlockFailedError,
    Failure,
    Result,
    Status,
)
from crossnotes.run.interpreter import InterpreterFloodedError, InterpreterTimeoutError, failure_of
from crossnotes.text.masking import Masking

#: Seconds that one block may take, unless its `:timeout:` says otherwise.
TIMEOUT = 120.0

#: Characters that the blocks of one program may print in all, and those of all programs of a run on
#: a target, which one ledger holds.
PROGRAM_LIMIT = 10_000_000
LEDGER_LIMIT = 100_000_000


#: How servers say that an account lacks a right: MySQL's numbers, PostgreSQL's words.
_REFUSED = re.compile(
    r"\((?:1044|1142|1143|1227|1370|1410|1419|3879|8121), |permission denied|must be superuser"
)


class Printed:
    """How much the programs of a run have printed on one target."""

    def __init__(self) -> None:
        self.characters = 0


class Record:
    """The Results of one program on one target. The first failure ends the program, unless it is to
    `keep_going`: `stopped_by` is the block. With `update` the outputs are to be written into the
    page, and not compared; with `compiling` there is no server, and what passes was compiled."""

    def __init__(
        self,
        program: Program,
        project_digest: str,
        masking: Masking,
        *,
        update: bool = False,
        compiling: bool = False,
        keep_going: bool = False,
        confined: bool = False,
        printed: Printed | None = None,
    ) -> None:
        self.program = program
        self.hashes = hashes(program, project_digest)
        self.masking = masking
        self._hidden: tuple[str, ...] = ()
        self.update = update
        self.compiling = compiling
        self.keep_going = keep_going
        #: Whether pages have an account with fewer rights than a reader's may have.
        self.confined = confined
        self._printed_by_all = printed or Printed()
        self._printed = 0
        self.results: dict[int, Result] = {}
        self.stopped_by: Snippet | None = None

    def in_order(self) -> list[Result]:
        return [self.results[index] for index in sorted(self.results)]

    # -- what became of a block ------------------------------------------------------------------

    def passed(
        self, snippet: Snippet, output: str, seconds: float, parts: Sequence[str] = ()
    ) -> None:
        if "xfail" in snippet.options:
            failure = Failure(
                snippet.line,
                f"passes, though marked :xfail: {snippet.options['xfail']}; remove it",
            )
            self._stopped(snippet, failure, seconds, output)
        elif (expected := self.expected(snippet)) and self.masking.touches(expected.text):
            message = (
                "the page shows a password of this run or a path of this machine, which no reader "
                "has; print something else"
            )
            self._stopped(snippet, Failure(expected.line, message), seconds, output)
        elif self.compiling:
            self._add(snippet, "excused", COMPILED, seconds, output, parts=parts)
        else:
            self._add(snippet, "passed", "", seconds, output, parts=parts)

    def failed(self, snippet: Snippet, error: BlockFailedError, seconds: float = 0.0) -> None:
        if "xfail" in snippet.options:
            reason = f"{EXPECTED_TO_FAIL}{snippet.options['xfail']}"
            self._add(snippet, "excused", reason, seconds, error.output)
        elif self.confined and _REFUSED.search(error.failure.message):
            self._add(snippet, "excused", NEEDS_RIGHTS, seconds, error.output)
            self.stopped_by = self.stopped_by or snippet
        else:
            self._stopped(snippet, error.failure, seconds, error.output)

    def answered(self, snippet: Snippet, answer: Answer) -> None:
        """Take the interpreter's answer to a block."""
        if answer["failure"] is None:
            self.passed(snippet, answer["output"], answer["seconds"], answer["parts"])
            return
        failure = at_block(failure_of(answer["failure"]), snippet)
        if snippet.listing is not None:
            shown = (f"{snippet.listing.path.name}:{failure.line}",)
            failure = replace(failure, line=snippet.line, details=shown)
        self.failed(snippet, BlockFailedError(failure, answer["output"]), answer["seconds"])

    def excuse(self, snippet: Snippet, reason: str) -> None:
        self._add(snippet, "excused", reason)

    def excuse_unless_wrong(self, snippet: Snippet, reason: str) -> None:
        """Record an excuse, which a block that is written wrongly does not get."""
        if snippet.problem is None:
            self.excuse(snippet, reason)
        else:
            failure = Failure(snippet.problem.line, snippet.problem.message)
            self._add(snippet, "failed", failure.message, failure=failure)

    def not_reached(self, snippets: Sequence[Snippet]) -> None:
        """Excuse those that have no Result yet, if a block has stopped the program."""
        if self.stopped_by is None:
            return
        failure = self.results[self.stopped_by.index].failure
        for snippet in snippets:
            if snippet.index in self.results:
                continue
            if failure is None:  # it was refused to this account, and so is what needs it
                self.excuse(snippet, NEEDS_RIGHTS)
            else:
                self.excuse(snippet, f"{NOT_REACHED}{snippet.page}:{failure.line} failed")

    def _stopped(
        self, snippet: Snippet, failure: Failure, seconds: float = 0.0, output: str = ""
    ) -> None:
        self._add(snippet, "failed", failure.message, seconds, output, failure)
        if not self.keep_going:
            self.stopped_by = self.stopped_by or snippet

    def _add(
        self,
        snippet: Snippet,
        status: Status,
        reason: str = "",
        seconds: float = 0.0,
        output: str = "",
        failure: Failure | None = None,
        parts: Sequence[str] = (),
    ) -> None:
        printed = len(output) + sum(map(len, parts)) + (len(failure.got) if failure else 0)
        if over := self._over(printed):
            status, reason, output, parts = "failed", over, "", ()
            failure = Failure(snippet.line, over)
            self.stopped_by = self.stopped_by or snippet
        self.results[snippet.index] = Result(
            snippet.page,
            snippet.line,
            snippet.index,
            snippet.name,
            snippet.language,
            tuple(snippet.labels),
            snippet.code_sha256,
            self.hashes.get(snippet.index, ""),
            status,
            self._masked(reason),
            round(seconds, 4),
            self._masked(output),
            self._masked_failure(failure, snippet.source) if failure else None,
            tuple(self._masked(part) for part in parts),
        )

    def _over(self, printed: int) -> str:
        """Why what a block printed cannot be kept; "" where it can, and is counted."""
        of_all = self._printed_by_all
        if self._printed + printed > PROGRAM_LIMIT:
            return f"the blocks of this program print more than {PROGRAM_LIMIT:,} characters in all"
        if of_all.characters + printed > LEDGER_LIMIT:
            return f"the pages of this run print more than {LEDGER_LIMIT:,} characters in all"
        self._printed += printed
        of_all.characters += printed
        return ""

    def hide(self, folder: tuple[str, ...]) -> None:
        """Show `...` for a folder of the run, by all of its names: no reader has it."""
        self._hidden = folder

    def _masked(self, text: str) -> str:
        for folder in self._hidden:
            text = text.replace(folder, "...")
        return self.masking.text(text)

    def _masked_failure(self, failure: Failure, source: str) -> Failure:
        return Failure(
            failure.line,
            self._masked(failure.message),
            self._masked(failure.expected),
            self._masked(failure.got),
            tuple(self._masked(line) for line in failure.details),
            source,
        )

    # -- what the interpreter has to know --------------------------------------------------------

    def expected(self, snippet: Snippet) -> Output | None:
        """The expected block that is to be compared, or None."""
        if self.update:
            return None
        return expected_of(snippet, self.program.target, self.program.version)

    def block(self, snippet: Snippet) -> Block:
        """A block as the interpreter takes it."""
        # An update compares nothing, and leaves what is right as it is.
        expected = expected_of(snippet, self.program.target, self.program.version)
        update: Update = ""
        if self.update:
            update = "output" if snippet.outputs else "examples"
        return {
            "kind": snippet.kind,
            "code": snippet.code,
            "line": snippet.listing.lines[0] if snippet.listing else snippet.line,
            "page": str(snippet.listing.path) if snippet.listing else snippet.place,
            "update": update,
            "raises": snippet.options.get("raises"),
            "xfail": "xfail" in snippet.options,
            "language": snippet.language,
            "expected": {
                "line": expected.line,
                "text": expected.text,
                "unordered": expected.unordered,
                "ignore": expected.ignore,
            }
            if expected
            else None,
        }


def at_block(failure: Failure, snippet: Snippet) -> Failure:
    """The failure at the block's first line, where it names none."""
    return failure if failure.line else replace(failure, line=snippet.line)


def of_interpreter(error: Exception, snippet: Snippet, printed: str = "") -> BlockFailedError:
    """What a page's author is told when the interpreter is gone, with what was printed until
    then."""
    if isinstance(error, InterpreterTimeoutError):
        message = f"took longer than {timeout_of(snippet):g} s and was ended"
    elif isinstance(error, InterpreterFloodedError):
        message, printed = f"{error} and was ended", printed[:1000]
    else:
        message = f"ended the interpreter: {error}"
    last = tuple(line for line in printed.rstrip().splitlines() if line.strip())[-6:]
    return BlockFailedError(Failure(snippet.line, message, details=last), printed)


def timeout_of(snippet: Snippet) -> float:
    """Seconds that a block may take."""
    try:
        return float(snippet.options.get("timeout", TIMEOUT))
    except ValueError:
        return TIMEOUT
