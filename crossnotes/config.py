"""`[tool.crossnotes]` of a pyproject.toml: what a project says about its pages, in one place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Languages that are shown and never run, wherever a project does not list its own.
SHOW_ONLY = [
    "text",
    "none",
    "json",
    "yaml",
    "html",
    "css",
    "javascript",
    "js",
    "ini",
    "toml",
    "xml",
    "diff",
    "markdown",
    "md",
    "rst",
    "po",
    "http",
    "nginx",
    "docker",
    "dockerfile",
    "django",
    "jinja",
    "html+django",
    "pytb",
]

FILE = "pyproject.toml"


class ConfigError(Exception):
    """A setting that cannot be used; its message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, with `root` the folder that paths of pages are relative to.

    `tabs` ties a label to a target, `elsewhere` a label that is not for this machine to its
    reason; `connection` ties a key of `.env` to a fact of the live connection (host, port, user,
    password, database, ca); `dotenv` lists the other keys a page may set there. `pages` are the
    paths that the pytest plugin collects, `django` the folder of the project that it runs them in.
    """

    root: Path
    show_only: frozenset[str] = frozenset(SHOW_ONLY)
    tabs: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
    dotenv: frozenset[str] = frozenset()
    settings: str = ""
    pages: tuple[str, ...] = ()
    django: str = ""


def find(start: Path) -> Config:
    """The settings that hold in `start`: of the nearest pyproject.toml above that has a
    [tool.crossnotes], or the defaults.

    Raises ConfigError for a file that cannot be read or is not TOML, an unknown key, or a value of
    the wrong type.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        path = folder / FILE
        if path.is_file() or path.is_symlink():
            table = _table(path)
            if table is not None:
                return _config(path, table)
    return Config(start.resolve())


def _table(path: Path) -> Any:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not TOML: it is nested too deep") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigError(f"{path}: [tool] must be a table")
    return tool.get("crossnotes")


_KEYS: Mapping[str, tuple[type, str]] = {
    "show-only": (list, "a list"),
    "tabs": (dict, "a table"),
    "elsewhere": (dict, "a table"),
    "connection": (dict, "a table"),
    "dotenv": (list, "a list"),
    "settings": (str, "a string"),
    "pages": (list, "a list"),
    "django": (str, "a string"),
}

FACTS = ("engine", "host", "port", "user", "password", "database", "ca")


def _config(path: Path, table: Any) -> Config:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [tool.crossnotes] must be a table")
    for key, value in table.items():
        if key not in _KEYS:
            known = ", ".join(sorted(_KEYS))
            raise ConfigError(
                f"{path}: unknown key {key!r} in [tool.crossnotes]; known are: {known}"
            )
        kind, wanted = _KEYS[key]
        if not isinstance(value, kind):
            raise ConfigError(f"{path}: {key} in [tool.crossnotes] must be {wanted}")
        items: Iterable[Any] = table[key].values() if kind is dict else table[key]
        if not all(isinstance(item, str) for item in items):
            raise ConfigError(f"{path}: {key} in [tool.crossnotes] must be {wanted} of strings")
    connection = table.get("connection", {})
    for key, fact in connection.items():
        if fact not in FACTS:
            raise ConfigError(
                f"{path}: [tool.crossnotes.connection] {key} = {fact!r}; known facts of a "
                f"connection are: {', '.join(FACTS)}"
            )
    return Config(
        root=path.parent,
        show_only=frozenset(SHOW_ONLY) | frozenset(table.get("show-only", ())),
        tabs=table.get("tabs", {}),
        elsewhere=table.get("elsewhere", {}),
        connection=connection,
        dotenv=frozenset(table.get("dotenv", ())),
        settings=table.get("settings", ""),
        pages=tuple(table.get("pages", ())),
        django=table.get("django", ""),
    )


def as_text(config: Config) -> str:
    """The settings as a text that is the same in every process, which a set's repr is not."""
    values = {key: getattr(config, key) for key in Config.__slots__}
    return repr([(k, sorted(v) if isinstance(v, frozenset) else v) for k, v in values.items()])
