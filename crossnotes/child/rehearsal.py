"""What each program does, done in the warmed process before the first: Python has its code ready
then, and Django its caches, and a program that is forked does not have to make them its own.

Nothing of it is left that a page could see.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from crossnotes.child import interpreter
from crossnotes.child.capture import Capture
from crossnotes.child.protocol import Block

#: How often: with more, programs are no faster, and the first waits longer.
TIMES = 3

_PAGE = "rehearsal"
_ALIAS = "crossnotes_rehearsal"

_BLOCKS: tuple[tuple[str, str, str], ...] = (
    ("python", "import json\nx = [n for n in range(3)]\nprint(x)", "[0, 1, 2]"),
    ("python", "try:\n    print(json.dumps({'a': 1.5}))\nfinally:\n    pass", '{"a": 1.5}'),
    (
        "pycon",
        ">>> x\n[0, 1, 2]\n>>> x[3]\nTraceback (most recent call last):\nIndexError: ...",
        "",
    ),
)


def of_python(capture: Capture) -> None:
    """Run blocks as a program does, and forget them."""
    streams = sys.stdout, sys.stderr
    session = interpreter.Interpreter(capture)
    many = [_block(*each) for each in _BLOCKS]
    try:
        for _ in range(TIMES):
            list(session.run(many, keep_going=True))
    finally:
        sys.stdout, sys.stderr = streams
        for name in [name for name in linecache.cache if name.startswith(("<python-", _PAGE))]:
            del linecache.cache[name]
        vars(sys.modules["builtins"]).pop("_", None)


def _block(kind: str, code: str, text: str) -> Block:
    expected = None
    if text:
        expected = {"line": 9, "text": text, "unordered": False, "ignore": ()}
    return {
        "kind": kind,
        "code": code,
        "line": 5,
        "page": _PAGE,
        "update": "",
        "raises": None,
        "xfail": False,
        "expected": expected,  # type: ignore[typeddict-item]
    }


def of_django() -> None:
    """Write and read rows as a program does: those of migrations, which every project has, in a
    database in memory that is gone then. Nothing of the project hears of it."""
    from django.db.migrations.recorder import MigrationRecorder

    import_module("django.db.models.sql.compiler")
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    # A project may have made of Django what this does not expect.
    with contextlib.suppress(Exception), _connected(memory) as connection:
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for _ in range(TIMES):
            _rows(recorder.Migration.objects.using(_ALIAS))
        connection.connection.close()


def of_driver(database: Mapping[str, Any]) -> None:
    """Connect to a database as programs will, read nothing of it, and let it go. Where that cannot
    be done, the first program will tell why."""
    with contextlib.suppress(Exception), _connected(database) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()
        import_module(connection.ops.compiler_module)


@contextlib.contextmanager
def _connected(database: Mapping[str, Any]) -> Iterator[Any]:
    """A connection of Django's, of which nothing else hears; it is closed in the end."""
    from django.db import connections
    from django.db.backends import signals as of_backends
    from django.db.models import signals as of_models

    heard = [*vars(of_models).values(), of_backends.connection_created]
    every = connections.configure_settings({"default": {}, _ALIAS: dict(database)})
    connections.settings[_ALIAS] = every[_ALIAS]
    try:
        with _deaf([signal for signal in heard if hasattr(signal, "receivers")]):
            connection = connections[_ALIAS]
            yield connection
            connection.close()
    finally:
        with contextlib.suppress(AttributeError):
            del connections[_ALIAS]
        del connections.settings[_ALIAS]


def _rows(rows: Any) -> None:
    from django.db import transaction

    row = rows.create(app="a", name="b")
    row.name = "c"
    with transaction.atomic(using=_ALIAS):
        row.save(using=_ALIAS)
    rows.bulk_create([rows.model(app="d", name="e")])
    rows.filter(name__in=["c", "e"]).order_by("-pk").first()
    rows.filter(app="a").update(app="f")
    list(rows.values_list("app", "name"))
    rows.get(pk=row.pk).delete(using=_ALIAS)
    repr(rows.count()), rows.exists(), rows.all().delete()


@contextlib.contextmanager
def _deaf(signals: list[Any]) -> Iterator[None]:
    """Without the receivers of signals, such as a project's."""
    kept = [(signal, signal.receivers) for signal in signals]
    for signal, _ in kept:
        signal.receivers = []
        signal.sender_receivers_cache.clear()
    try:
        yield
    finally:
        for signal, receivers in kept:
            signal.receivers = receivers
            signal.sender_receivers_cache.clear()
