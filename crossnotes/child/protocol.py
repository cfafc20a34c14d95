"""What a run and its child processes say to each other: a line of JSON a message, of these shapes.

Standard library only, as everything below here: a child process loads it before a page's first
block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

Update = Literal["", "output", "examples"]


class ExpectedText(TypedDict):
    """An `{output}` block: its first line, its text and its options."""

    line: int
    text: str
    unordered: bool
    ignore: tuple[str, ...]


class Block(TypedDict):
    """A block to run. `line` is that of its first line of code in `page`, a path; `update` says
    what of its output is to be written into the page, and so is not compared; `client` is the one
    at whose prompt a statement of SQL stands, `psql` or `sqlite`, and `language` that of a block
    which another package runs."""

    kind: str
    code: str
    line: int
    page: str
    update: Update
    raises: str | None
    xfail: bool
    expected: ExpectedText | None
    client: NotRequired[str]
    language: NotRequired[str]


class FailureFields(TypedDict):
    """What went wrong in a block: `result.Failure` as a message. `line` is 0 where no line of the
    page is to blame."""

    line: int
    message: str
    expected: str
    got: str
    details: list[str]


class Answer(TypedDict):
    """What became of a block, or of a request that runs none. `parts` is what each example
    printed, `counts` the rows that each SQL statement gave or changed (-1: not known)."""

    failure: FailureFields | None
    output: str
    seconds: float
    parts: list[str]
    counts: list[int]


class Wanted(TypedDict):
    """What a project's own settings have to lead to. `prefix`: the name only begins so."""

    engine: str
    name: str
    prefix: bool
    encrypted: bool


class Setup(TypedDict):
    """Load Django: with the project's settings module, "" for settings without a project, and
    with `databases` in place of the project's own."""

    op: Literal["setup"]
    settings: str
    databases: Mapping[str, Mapping[str, Any]] | None


class Connect(TypedDict):
    """Lead Django's connections to these databases of `target`, and `migrate` them. `wanted` is
    what the project's own settings have to lead to, `compile_only` for where no server is."""

    op: Literal["connect"]
    target: str
    databases: Mapping[str, Mapping[str, Any]] | None
    wanted: Wanted | None
    migrate: bool
    compile_only: bool


class Open(TypedDict):
    """Lead a page without Django to its database: `dbapi` is the module that connects to `entry`,
    when the first statement needs it; the `environment` says to the page where it is."""

    op: Literal["open"]
    dbapi: str
    entry: Mapping[str, Any]
    environment: Mapping[str, str]


class Run(TypedDict):
    """Run blocks in turn, in the namespace of those before, until one fails; with `keep_going`, to
    the end."""

    op: Literal["run"]
    blocks: list[Block]
    keep_going: bool


class Refresh(TypedDict):
    """A file was written that the next block has to see."""

    op: Literal["refresh"]
    path: str


Request = Setup | Connect | Open | Run | Refresh


class Fork(TypedDict):
    """To a warmed process: begin a program's interpreter in `folder`, with Django's connections
    leading to `databases`. With it go the descriptors that interpreter.serve takes, in their
    order."""

    op: Literal["fork"]
    folder: str
    databases: Mapping[str, Mapping[str, Any]]


class Rehearse(TypedDict):
    """To a warmed process: connect to a database as programs will, so that the driver is loaded."""

    op: Literal["rehearse"]
    database: Mapping[str, Any]


class Start(TypedDict):
    """To a warmed process: start a program of the machine. With it go its standard input, its
    standard output and others; `{0}` among the arguments is the number of the first of these."""

    op: Literal["start"]
    program: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str


class Wait(TypedDict):
    """To a warmed process: how did a process end? Asked when it has, or with `now` at any time."""

    op: Literal["wait"]
    pid: int
    now: bool


class End(TypedDict):
    """To a warmed process: end all processes below it."""

    op: Literal["end"]


Command = Setup | Rehearse | Fork | Start | Wait | End


class Said(TypedDict):
    """What a warmed process says to a command: the answer to a set-up, a process that it started,
    or how one ended (None: it runs yet), as os.waitstatus_to_exitcode tells it."""

    answer: NotRequired[Answer]
    pid: NotRequired[int]
    status: NotRequired[int | None]
