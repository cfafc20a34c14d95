"""Runs programs that need nothing of their own in the interpreter that a target's programs share.

They are handed over in one request: to take turns with the interpreter for each page would cost
more than most pages take. Under rollback with Django, each is within an `atomic()` that the
interpreter undoes.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossnotes.page import Snippet
from crossnotes.program import Program
from crossnotes.result import Failure, Result
from crossnotes.run.record import (
    INTERPRETED,
    TIMEOUT,
    BlockError,
    Record,
    timeout_of,
    trouble_of_worker,
)
from crossnotes.run.worker import Worker, WorkerDiedError, WorkerTimeoutError
from crossnotes.targets import TargetError

if TYPE_CHECKING:
    from crossnotes.run.supervisor import Supervisor

Answer = Mapping[str, Any]

#: Blocks that are handed to an interpreter together.
AHEAD = 200


class Turn:
    """One program in the shared interpreter: `snippets` are to run, in this order."""

    def __init__(self, record: Record, snippets: Sequence[Snippet], has_project: bool) -> None:
        self.record = record
        self.snippets = snippets
        self._has_project = has_project
        #: Those before the first that cannot even be tried.
        self.tried: list[Snippet] = []
        for snippet in snippets:
            if snippet.problem is None:
                self.tried.append(snippet)
            elif "xfail" not in snippet.options:
                break

    @property
    def needs_django(self) -> bool:
        return self._has_project or any(snippet.kind == "sql" for snippet in self.tried)

    @property
    def has_own_times(self) -> bool:
        return any("timeout" in snippet.options for snippet in self.tried)

    def request(self) -> dict[str, Any]:
        blocks = [self.record.block(snippet) for snippet in self.tried]
        rollback = self.needs_django and not self.record.compiling
        return {"blocks": blocks, "rollback": rollback}

    def take(self, answers: Iterator[Answer]) -> bool:
        """Take the answers to this program's blocks. Whether the interpreter serves others yet."""
        waiting = iter(self.tried)
        usable = False
        try:
            for answer in answers:
                if "ended" in answer:
                    usable = answer["ended"]
                    break
                self.record.answered(next(waiting), answer)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            current = next(waiting, self.tried[-1])
            self.record.failed(current, trouble_of_worker(error, current))
        self.finish()
        return usable

    def finish(self) -> None:
        """Give those a Result that were not run."""
        for snippet in self.snippets:
            if self.record.stopped_by is None and snippet.problem is not None:
                problem = Failure(snippet.problem.line, snippet.problem.message)
                self.record.failed(snippet, BlockError(problem))
        self.record.not_reached(self.snippets)


class Ahead:
    """Programs that are asked for one at a time, in an order that is known: each request takes
    those that follow with it."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._awaited: deque[Program] = deque()
        self._found: Iterator[list[Result]] = iter(())

    def results(self, program: Program, following: Iterable[Program]) -> list[Result]:
        """The Results of a program. `following` are those that will be asked for after it."""
        if not self._awaited or self._awaited[0] is not program:
            if self._awaited:
                # It was not asked for, and may be running.
                self._supervisor.discard_shared_worker()
            self._awaited = deque(_as_far_ahead(program, following))
            self._found = self._supervisor.results_of(list(self._awaited))
        self._awaited.popleft()
        return next(self._found)

    def forget(self) -> None:
        """After an error that is not a page's the next program begins anew."""
        self._awaited.clear()
        self._supervisor.discard_shared_worker()


def _as_far_ahead(program: Program, following: Iterable[Program]) -> Iterator[Program]:
    blocks = 0
    for each in itertools.chain([program], following):
        blocks += weight(each)
        yield each
        if blocks >= AHEAD:
            return


def weight(program: Program) -> int:
    """Its blocks; a program that has an interpreter of its own is not waited with."""
    return len(program.snippets) if is_light(program.isolation, program.snippets) else AHEAD


def is_light(isolation: str, snippets: Iterable[Snippet]) -> bool:
    """Whether a program can share its interpreter with others."""
    return isolation == "rollback" and all(s.kind in INTERPRETED for s in snippets)


def run(supervisor: Supervisor, turns: Iterable[Turn]) -> Iterator[list[Result]]:
    """Run the programs, and yield the Results of each. One that breaks the interpreter, or leaves
    it dirty, fails alone: those after it get a new one."""
    waiting = deque(turns)
    while waiting and not supervisor.interrupted:
        together = list(_next_request(waiting))
        if not together:
            turn = waiting.popleft()
            turn.finish()
            yield turn.record.in_order()
            continue
        try:
            answers = _request(supervisor, together)
        except BlockError as error:
            turn = waiting.popleft()
            turn.record.failed(turn.tried[0], error)
            turn.finish()
            supervisor.discard_shared_worker()
            yield turn.record.in_order()
            continue
        for turn in together:
            usable = turn.take(answers)
            waiting.popleft()
            if usable and turn is together[-1]:
                usable = _is_at_its_end(answers)
            if not usable:
                supervisor.discard_shared_worker()
            yield turn.record.in_order()
            if not usable:
                break


def _is_at_its_end(answers: Iterator[Answer]) -> bool:
    """Read what tells that the request is done, or the next one would."""
    try:
        return next(answers, None) is None
    except (WorkerDiedError, WorkerTimeoutError):
        return False


def _next_request(waiting: Iterable[Turn]) -> Iterator[Turn]:
    """The programs at the head that go into one request: one whose blocks have times of their
    own goes alone, for the answers of a program that failed are fewer than its blocks."""
    for number, turn in enumerate(waiting):
        if not turn.tried or (number and turn.has_own_times):
            return
        yield turn
        if turn.has_own_times:
            return


def _request(supervisor: Supervisor, turns: Sequence[Turn]) -> Iterator[Answer]:
    """Send the programs. Raises BlockError when the interpreter cannot be made ready."""
    first = turns[0].tried[0]
    worker = _ready(supervisor, first, any(turn.needs_django for turn in turns))
    times = [TIMEOUT]
    if turns[0].has_own_times:
        times = [*map(timeout_of, turns[0].tried), TIMEOUT]
    return _until_interrupted(worker, times, [turn.request() for turn in turns])


def _ready(supervisor: Supervisor, first: Snippet, needs_django: bool) -> Worker:
    try:
        worker = supervisor.shared_worker()
        if needs_django and not worker.has_django:
            supervisor.set_up(worker, supervisor.shared_database(), first)
    except (WorkerDiedError, WorkerTimeoutError) as error:
        raise trouble_of_worker(error, first) from error
    except (TargetError, OSError) as error:
        raise BlockError(Failure(first.line, str(error))) from error
    return worker


def _until_interrupted(
    worker: Worker, times: Sequence[float], programs: Sequence[Mapping[str, Any]]
) -> Iterator[Answer]:
    try:
        yield from worker.request("programs", times, programs=programs)
    except KeyboardInterrupt:
        # Nobody waits for the block to end.
        worker.end_group()
        raise
