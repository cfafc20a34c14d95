"""Which lines of a file a literalinclude shows, by Sphinx's own options."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from crossnotes import files

_LANGUAGES = {
    ".py": "python",
    ".sql": "sql",
    ".html": "html",
    ".sh": "bash",
    ".toml": "toml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ini": "ini",
    ".cfg": "ini",
    ".cnf": "ini",
    ".css": "css",
    ".js": "javascript",
    ".env": "dotenv",
    ".example": "dotenv",
    ".txt": "text",
    ".md": "markdown",
}


class ListingError(Exception):
    """A listing that cannot be shown; its message says what is there instead."""


def resolve(folder: Path, argument: str) -> Path:
    """The file that a directive in `folder` names. As in Sphinx, a leading slash is the folder of
    all pages, which is one of those above; a real absolute path is taken as it is."""
    if not argument.startswith("/"):
        return (folder / argument).resolve()
    for above in (folder.resolve(), *folder.resolve().parents):
        candidate = above / argument.lstrip("/")
        if candidate.exists():
            return candidate
    return Path(argument)


def included(path: Path, options: Mapping[str, str]) -> tuple[str, int]:
    """The part of a file that an `include` shows, and the number (from 1) of its first line.

    Raises ListingError for a file that cannot be read and for a marker that it does not hold.
    """
    lines = _lines(path)
    try:
        start = int(options.get("start-line") or 0)
        end = int(options["end-line"]) if options.get("end-line") else None
    except ValueError:
        raise ListingError(":start-line: and :end-line: take a number") from None
    if start < 0:
        start = max(0, len(lines) + start)
    text = "\n".join(lines[start:end])
    if marker := options.get("start-after", "").strip("\"'"):
        before, found, text = text.partition(marker)
        if not found:
            raise ListingError(_missing(path, lines, marker))
        start += before.count("\n") + marker.count("\n")
    if marker := options.get("end-before", "").strip("\"'"):
        text, found, _after = text.partition(marker)
        if not found:
            raise ListingError(_missing(path, lines, marker))
    return text, start + 1


def language_of(path: Path) -> str:
    """The language of a listing that names none, by the ending of its file."""
    return _LANGUAGES.get(path.suffix, "text")


def elsewhere(option: str) -> dict[str, str]:
    """`:elsewhere: STATEMENT | REASON`: a branch of a listing that another tab runs.

    Raises ListingError where the reason is missing.
    """
    if not option:
        return {}
    statement, _, reason = (part.strip() for part in option.partition("|"))
    if not reason:
        raise ListingError(
            ":elsewhere: needs a reason, as in `:elsewhere: if ca: | the TLS tab runs it`"
        )
    return {statement: reason}


def select(path: Path, options: Mapping[str, str]) -> tuple[tuple[int, ...], str]:
    """The numbers (from 1) and the text of the lines that the options choose.

    Raises ListingError for a file that cannot be read and for a marker that it does not hold.
    """
    lines = _lines(path)
    chosen = list(range(1, len(lines) + 1))
    if "pyobject" in options:
        chosen = _object(path, lines, options["pyobject"])
    chosen = _from_start(path, lines, chosen, options)
    chosen = _to_end(path, lines, chosen, options)
    if "lines" in options:
        # Counted inside of what the other options chose, as Sphinx does.
        numbers = _numbers(options["lines"], len(chosen))
        chosen = [chosen[n - 1] for n in numbers if n <= len(chosen)]
        if not chosen:
            raise ListingError(f":lines: {options['lines']} chooses no line of {path.name}")
    text = [lines[n - 1] for n in chosen]
    if "dedent" in options:
        indents = [len(line) - len(line.lstrip()) for line in text if line.strip()]
        value = options["dedent"]
        columns = int(value) if value.isdecimal() else min(indents, default=0)
        text = [line[columns:] for line in text]
    return tuple(chosen), "\n".join(text)


def _lines(path: Path) -> list[str]:
    try:
        return files.read(path).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise ListingError(f"cannot read {path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ListingError(f"{path.name} is not UTF-8") from error


def _object(path: Path, lines: list[str], name: str) -> list[int]:
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError as error:
        raise ListingError(f"{path.name} is not Python: {error}") from error
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in body if getattr(node, "name", None) == part), None)
        if found is None:
            raise ListingError(f"{path.name} defines no {name}")
        body = getattr(found, "body", [])
    assert found is not None
    assert found.end_lineno is not None
    first = min([found.lineno, *(d.lineno for d in getattr(found, "decorator_list", []))])
    return list(range(first, found.end_lineno + 1))


def _numbers(spec: str, total: int) -> list[int]:
    numbers: list[int] = []
    for part in spec.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            start = int(first) if first else 1
            end = (int(last) if last else max(start, total)) if dash else start
        except ValueError:
            start, end = 0, 0
        if not 1 <= start <= end or not (first or last):
            raise ListingError(f":lines: {spec} is not a list of lines such as 1-3,7")
        numbers += range(start, end + 1)
    return numbers


def _from_start(
    path: Path, lines: list[str], chosen: list[int], options: Mapping[str, str]
) -> list[int]:
    marker, inclusive = _marker(options, "start-at", "start-after")
    if marker is None:
        return chosen
    for place, number in enumerate(chosen):
        if marker in lines[number - 1]:
            return chosen[place if inclusive else place + 1 :]
    raise ListingError(_missing(path, lines, marker))


def _to_end(
    path: Path, lines: list[str], chosen: list[int], options: Mapping[str, str]
) -> list[int]:
    marker, inclusive = _marker(options, "end-at", "end-before")
    if marker is None:
        return chosen
    for place, number in enumerate(chosen):
        # Sphinx does not look for `end-before` in the first line.
        if marker in lines[number - 1] and (inclusive or place):
            return chosen[: place + 1 if inclusive else place]
    raise ListingError(_missing(path, lines, marker))


def _marker(options: Mapping[str, str], at: str, beside: str) -> tuple[str | None, bool]:
    if at in options:
        return options[at], True
    if beside in options:
        return options[beside], False
    return None, False


def _missing(path: Path, lines: list[str], marker: str) -> str:
    markers = [line.strip() for line in lines if "[start:" in line or "[end:" in line]
    there = f"; it has: {', '.join(markers)}" if markers else "; it has no region markers"
    return f"no line of {path.name} contains {marker!r}{there}"
