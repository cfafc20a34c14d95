"""Django in a child process: its settings, its connections, and the files that it loads."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from crossnotes.child.protocol import Connect, Setup, Wanted
from crossnotes.result import BlockFailedError, Failure

#: The databases that the project's settings name and a page does not get.
left_out: set[str] = set()


def hint(error: BaseException | None) -> str:
    """What an author is told of an error that the run has caused; "" of any other."""
    if type(error).__name__ != "ConnectionDoesNotExist":
        return ""
    if not any(repr(alias) in str(error) for alias in left_out):
        return ""
    return (
        "the project has more than one database, and a page runs on `default` alone; route its "
        "queries there, or skip the block with `:skip: reason`"
    )


def set_up(request: Setup) -> None:
    """Load the project's settings and apps. No connection is opened."""
    try:
        import django
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        raise ModuleNotFoundError(
            "Django, which runs SQL and projects, is not installed: pip install 'crossnotes[site]'"
        ) from None
    from django.conf import settings

    if request["settings"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    else:
        settings.configure(USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    if request["databases"] is not None:
        left_out.update(settings.DATABASES.keys() - request["databases"].keys())
        settings.DATABASES = request["databases"]
    django.setup()


def lead(databases: Mapping[str, Mapping[str, Any]]) -> None:
    """Lead Django's connections to these databases, by their aliases."""
    if not databases:
        return
    from django.conf import settings

    for alias, entry in databases.items():
        # In place: connections hold on to this very dictionary.
        settings.DATABASES.setdefault(alias, {}).update(entry)


def connect(request: Connect) -> None:
    """Lead the connections to where the program's databases are, which it finds as it should.
    Raises BlockFailedError where the project's own settings lead elsewhere."""
    lead(request["databases"] or {})
    if request["compile_only"]:
        compile_only(request["target"])
    if request["wanted"] is not None:
        check_connection(request["wanted"], request["target"])
    if request["migrate"]:
        from django.core.management import call_command

        for alias in request["databases"] or ("default",):
            call_command("migrate", verbosity=0, interactive=False, database=alias)


def compile_only(target: str) -> None:
    """Prepare the connection for a program without a server."""
    from django.db import connections

    from crossnotes.targets import every_target

    prepare = every_target()[target].compile_only
    assert prepare is not None
    prepare(connections["default"])


def check_connection(wanted: Wanted, target: str) -> None:
    """A program that connects elsewhere would be green for the wrong database."""
    from django.db import connection

    have = connection.settings_dict
    engine, name = have["ENGINE"], str(have["NAME"])
    right = name.startswith(wanted["name"]) if wanted["prefix"] else name == wanted["name"]
    if engine != wanted["engine"] or not right:
        expected = f"{wanted['engine']} {os.path.basename(wanted['name'])}"
        got = f"{engine} {os.path.basename(name)}"
        message = f"the program does not connect to {target}"
        raise BlockFailedError(Failure(0, message, expected, got))
    with connection.cursor() as cursor:
        if wanted["encrypted"]:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            if not cursor.fetchone()[1]:
                message = f"the session with {target} is not encrypted, and must be"
                raise BlockFailedError(Failure(0, message))


def refresh(path: str) -> bool:
    """Make a file that was just written visible to the next block. False if a module that was
    already imported came from it, so that only a new process can see it."""
    importlib.invalidate_caches()
    if os.path.basename(path) == ".env":
        return "django" not in sys.modules
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return path not in [os.path.realpath(file) for file in loaded if file]
