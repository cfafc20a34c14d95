"""`[tool.crossnotes]` of a pyproject.toml: what a project says about its pages, in one place.

The command line, pytest, Sphinx and make all read it here. `KEYS` is the one list of what may stand
there; the reference is made from it.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

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

#: What is known of a live connection, for `connection` to name.
FACTS = ("engine", "host", "port", "user", "password", "database", "ca", "url")

#: A code of a language, such as `en`, `pt_BR` or `zh-Hant`.
LANGUAGE = r"[A-Za-z]+([_-]\w+)*"

#: Where things are unless a project says otherwise.
SOURCE, LEDGER = "docs", "ledger"


class ConfigError(Exception):
    """A setting that cannot be used; its message names the file, the line and the key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of [tool.crossnotes]: the `kind` of its value (a `choice` is one of `choices`), what
    it does, and what holds where it is not set, in words."""

    name: str
    kind: Literal["string", "list", "table", "choice", "boolean"]
    text: str
    default: str = "none"
    choices: tuple[str, ...] = ()


KEYS = (
    Key("source", "string", "The folder of the pages.", f"`{SOURCE}`"),
    Key(
        "pages",
        "list",
        "The pages whose blocks are run: files and folders. `pytest` collects these and no others.",
        "the folder `source`; for pytest only where `source` is set",
    ),
    Key("django", "string", "The folder of the Django project that pages run in, such as `.`."),
    Key(
        "settings",
        "string",
        "The settings module of that project.",
        "the one that its `manage.py` names",
    ),
    Key(
        "targets",
        "list",
        "The databases of the project. A run without `--target` uses them, and a page is for them "
        "unless its tabs or its front matter name others.",
        "a run uses `sqlite`, a page is for every database",
    ),
    Key(
        "languages",
        "table",
        'The languages of the site, each with its own name: `en = "English"`. The first is the '
        "one that the pages are written in.",
        "English alone",
    ),
    Key("ledger", "string", "The folder of the results that the site shows.", f"`{LEDGER}`"),
    Key(
        "repository",
        "string",
        "The address of the repository, such as `https://github.com/owner/name`: console blocks "
        "show it for `{repository}`, and pages have links to edit them and to open an issue about "
        "a block.",
        "the variable `CROSSNOTES_REPOSITORY_URL`, else what GitHub's runners say",
    ),
    Key(
        "show-only",
        "list",
        "More languages whose blocks are shown and never run.",
        ", ".join(f"`{name}`" for name in SHOW_ONLY),
    ),
    Key(
        "unlabelled",
        "choice",
        "How to treat a code block without a language: `refuse` reports an error, `show` displays "
        "the block and does not run it.",
        "`refuse`",
        ("refuse", "show"),
    ),
    Key(
        "setup",
        "string",
        "Python that runs before the first block of every page, such as imports. The page shows it "
        "folded, below its title, and the files to download begin with it.",
    ),
    Key(
        "on-failure",
        "choice",
        "What happens to the blocks after a failed one: `stop` skips them, `keep-going` runs them.",
        "`stop`",
        ("stop", "keep-going"),
    ),
    Key(
        "shell",
        "boolean",
        "Whether the commands of console blocks run; `false` skips them, as `--no-shell` does.",
        "`true`",
    ),
    Key("tabs", "table", "Labels of tabs, each with its target."),
    Key("elsewhere", "table", "Labels of tabs whose blocks cannot run here, each with the reason."),
    Key(
        "connection",
        "table",
        "Keys of `.env`, and environment variables, whose values come from the live connection and "
        f"not from the page. The possible values are {', '.join(f'`{fact}`' for fact in FACTS)}.",
    ),
    Key("dotenv", "list", "Other keys of `.env`, which a page may set to any value."),
)

_KINDS: Mapping[str, tuple[type, str]] = {
    "string": (str, "a string"),
    "list": (list, "a list"),
    "table": (dict, "a table"),
    "choice": (str, "a string"),
    "boolean": (bool, "true or false"),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, as `KEYS` describes them, with `root` the folder that paths are relative to;
    `setup_line` is the line of FILE on which the code of `setup` begins."""

    root: Path
    show_only: frozenset[str] = frozenset(SHOW_ONLY)
    tabs: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
    dotenv: frozenset[str] = frozenset()
    settings: str = ""
    pages: tuple[str, ...] = ()
    django: str = ""
    source: str = SOURCE
    targets: tuple[str, ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    ledger: str = LEDGER
    repository: str = ""
    unlabelled: str = "refuse"
    setup: str = ""
    setup_line: int = 1
    on_failure: str = "stop"
    shell: bool = True
    #: Whether any file was found.
    is_default: bool = True

    @property
    def paths(self) -> list[str]:
        """The pages whose blocks are run unless a person names some, as paths."""
        return [str(self.root / page) for page in self.pages or (self.source,)]


def find(start: Path) -> Config:
    """The settings that hold in `start`: of the nearest pyproject.toml above that has a
    [tool.crossnotes], or the defaults.

    Raises ConfigError for a file that cannot be read or is not TOML, an unknown key, or a value of
    the wrong type.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        path = folder / FILE
        if path.is_file() or path.is_symlink():
            text = _text(path)
            table = _table(path, text)
            if table is not None:
                return _config(_Place(path, text), table)
    return Config(start.resolve())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def _table(path: Path, text: str) -> Any:
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{path}: not TOML: it is nested too deep") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigError(f"{path}: [tool] must be a table")
    return tool.get("crossnotes")


@dataclass(frozen=True, slots=True)
class _Place:
    """A file, and where a key stands in it, of which tomllib says nothing."""

    path: Path
    text: str

    def line(self, *keys: str) -> int:
        """The line (from 1) of a key below [tool.crossnotes], or of the nearest above it that
        is found; 0 where none is."""
        wanted, best, found = ("tool", "crossnotes", *keys), 2, 0
        header: tuple[str, ...] = ()
        for number, line in enumerate(self.text.split("\n"), 1):
            if match := _HEADER.match(line):
                header = here = _parts(match[1])
            elif match := _ASSIGNED.match(line):
                here = (*header, *_parts(match[1]))
            else:
                continue
            if (
                here == wanted[: len(here)]
                and len(here) >= best
                and (len(here) > best or not found)
            ):
                best, found = len(here), number
        return found

    def error(self, keys: tuple[str, ...], message: str) -> ConfigError:
        line = self.line(*keys)
        return ConfigError(f"{self.path}:{line}: {message}" if line else f"{self.path}: {message}")


_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\s*({_NAME})\s*\]")
_ASSIGNED = re.compile(rf"\s*({_NAME})\s*=")


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, name))


def nearest(word: str, known: list[str]) -> str:
    """A question, where a known word is like this one, else nothing."""
    close = difflib.get_close_matches(word.lower().replace("_", "-"), known, 1)
    return f"did you mean {close[0]!r}? " if close else ""


def _config(place: _Place, table: Any) -> Config:
    if not isinstance(table, dict):
        raise place.error((), "[tool.crossnotes] must be a table")
    keys = {key.name: key for key in KEYS}
    for name, value in table.items():
        if name not in keys:
            known = sorted(keys)
            raise place.error(
                (name,),
                f"unknown key {name!r} in [tool.crossnotes]; {nearest(name, known)}known are: "
                f"{', '.join(known)}",
            )
        _check(place, keys[name], value)
    for key, fact in table.get("connection", {}).items():
        if fact not in FACTS:
            raise place.error(
                ("connection", key),
                f"[tool.crossnotes.connection] {key} = {fact!r}; known facts of a connection are: "
                f"{', '.join(FACTS)}",
            )
    for code in table.get("languages", {}):
        if not re.fullmatch(LANGUAGE, code):
            raise place.error(
                ("languages", code),
                f"[tool.crossnotes.languages] {code!r} is not a code of a language, such as en or "
                "pt_BR",
            )
    for name in ("source", "ledger"):
        _check_folder(place, name, table.get(name, ""))
    if (address := table.get("repository")) is not None and not is_address(address):
        raise place.error(
            ("repository",),
            f"repository in [tool.crossnotes] is {address!r}; it has to be an address such as "
            "https://github.com/owner/name",
        )
    source = table.get("source", SOURCE)
    return Config(
        root=place.path.parent,
        show_only=frozenset(SHOW_ONLY) | frozenset(table.get("show-only", ())),
        tabs=table.get("tabs", {}),
        elsewhere=table.get("elsewhere", {}),
        connection=table.get("connection", {}),
        dotenv=frozenset(table.get("dotenv", ())),
        settings=table.get("settings", ""),
        pages=tuple(table.get("pages", [source] if "source" in table else ())),
        django=table.get("django", ""),
        source=source,
        targets=tuple(table.get("targets", ())),
        languages=table.get("languages", {}),
        ledger=table.get("ledger", LEDGER),
        repository=table.get("repository", ""),
        unlabelled=table.get("unlabelled", "refuse"),
        setup=table.get("setup", ""),
        setup_line=_first_line_of(place, "setup") if "setup" in table else 1,
        on_failure=table.get("on-failure", "stop"),
        shell=table.get("shell", True),
        is_default=False,
    )


def is_address(text: str) -> bool:
    """Whether a text is the address of something on the web."""
    return (
        re.fullmatch(r"https?://[^\s\"'<>`$;|&()\\/]+(?:/[^\s\"'<>`$;|&()\\]*)?", text) is not None
    )


def _check(place: _Place, key: Key, value: Any) -> None:
    """Raise ConfigError for a value of the wrong type."""
    kind, wanted = _KINDS[key.kind]
    is_right: bool = isinstance(value, kind)
    if not is_right:
        raise place.error((key.name,), f"{key.name} in [tool.crossnotes] must be {wanted}")
    items = value if kind is dict else dict(enumerate(value)) if kind is list else {}
    for name, item in items.items():
        if not isinstance(item, str):
            raise place.error(
                (key.name, str(name)),
                f"{key.name} in [tool.crossnotes] must be {wanted} of strings",
            )
    if key.choices and value not in key.choices:
        known = " or ".join(repr(choice) for choice in key.choices)
        raise place.error(
            (key.name,),
            f"{key.name} in [tool.crossnotes] is {value!r}; {nearest(value, list(key.choices))}it "
            f"has to be {known}",
        )


def _check_folder(place: _Place, name: str, folder: str) -> None:
    if Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise place.error(
            (name,),
            f"{name} in [tool.crossnotes] names {folder!r}; it has to be a folder below "
            f"{place.path.parent}",
        )


def _first_line_of(place: _Place, name: str) -> int:
    """The line on which a string begins, which may be that below its quotes."""
    line = place.line(name)
    text = place.text.split("\n")[line - 1] if line else ""
    return line + 1 if text.rstrip().endswith(('"""', "'''")) else max(line, 1)


def as_text(config: Config) -> str:
    """The settings as a text that is the same in every process, which a set's repr is not."""
    values = {key: getattr(config, key) for key in Config.__slots__}
    return repr([(k, sorted(v) if isinstance(v, frozenset) else v) for k, v in values.items()])
