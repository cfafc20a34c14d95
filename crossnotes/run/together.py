"""Runs programs that need nothing of their own in the interpreter that a target's programs share.

They are handed over in one request: to take turns with the interpreter for each page would cost
more than most pages take. Under rollback with Django, each is within an `atomic()` that the
interpreter undoes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossnotes.parse import Snippet
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
        return {"blocks": blocks, "rollback": self.needs_django}

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
            if not usable:
                supervisor.discard_shared_worker()
            yield turn.record.in_order()
            if not usable:
                break
        else:
            _to_the_end(supervisor, answers)


def _to_the_end(supervisor: Supervisor, answers: Iterator[Answer]) -> None:
    """Read what tells that the request is done, or the next one would."""
    try:
        deque(answers, maxlen=0)
    except (WorkerDiedError, WorkerTimeoutError):
        supervisor.discard_shared_worker()


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
