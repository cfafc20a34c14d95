"""What a run would make of the docs of anybody: read, and nothing of them executed.

Neither conf.py nor a block is run: conf.py is read as text, and what it computes is not known.
"""

from __future__ import annotations

import os
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossnotes import config as configuration
from crossnotes import dialects, files, markdown, reader
from crossnotes.config import Config
from crossnotes.markdown import Myst
from crossnotes.page import Page, Problem, Snippet
from crossnotes.reader import LANGUAGE, UNLABELLED, Dialect
from crossnotes.targets import every_target, releases
from crossnotes.text import transcript

#: Folders in which no page of a project stands.
_PASSED_OVER = ("node_modules", "__pycache__", "site-packages", "_build")

#: Where a site has its pages, seen from the folder that a person names, the likeliest first.
_SOURCES = ("", "docs", "docs/source", "doc", "doc/source", "documentation", "source")

MARKDOWN = (".md", ".markdown")
MKDOCS_FILES = ("mkdocs.yml", "mkdocs.yaml")


class DoctorError(Exception):
    """A path without pages; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Site:
    """Docs as they are: who builds them (`MkDocs`, `Sphinx` or nobody, ``), by which file, the
    folder of their pages, and the pages. `unread` are the pages in reStructuredText."""

    builder: str
    file: Path | None
    source: Path
    pages: tuple[Path, ...]
    unread: tuple[Path, ...]
    myst: Myst


@dataclass(frozen=True, slots=True)
class Danger:
    """A line that would run, and what it looks like: it installs, deletes, …"""

    kind: str
    page: str
    line: int
    text: str


@dataclass(slots=True)
class Report:
    """What was found. `run` and `shown` count blocks by language, `unknown` names the places of
    languages that nobody knows, `includes` those that show code of files by a macro."""

    site: Site
    root: Path
    run: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    unlabelled: list[str] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    refused: list[Problem] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    dangers: list[Danger] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)


# -- what is there --------------------------------------------------------------------------------


def look(path: Path, source: str = configuration.SOURCE) -> Site:
    """The site at a path: a page, a folder of pages, or the root of a repository, whose settings
    have its pages in `source`. Raises DoctorError."""
    if path.name in ("conf.py", *MKDOCS_FILES):
        return look(path.parent, source)
    if path.is_file():
        if path.suffix.lower() not in MARKDOWN:
            raise DoctorError(f"{path}: not a page; pages are Markdown ({', '.join(MARKDOWN)})")
        return Site("", None, path.parent, (path,), (), _myst_above(path.parent))
    if not path.is_dir():
        raise DoctorError(f"{path}: no such file or folder")
    for name in MKDOCS_FILES:
        for folder in (path, path.parent):
            if (folder / name).is_file():
                found = _of_mkdocs(folder / name)
                if found.is_relative_to(path) or path.is_relative_to(found):
                    return _site("MkDocs", folder / name, found if found.is_dir() else path)
    for name in _SOURCES:
        if (path / name / "conf.py").is_file():
            return _site("Sphinx", path / name / "conf.py", _pages_of(path / name))
    above = next((f for f in [*path.resolve().parents][:3] if (f / "conf.py").is_file()), None)
    if above is not None:
        return _site("Sphinx", above / "conf.py", path)
    folders = [path / name for name in (source, *_SOURCES) if (path / name).is_dir()]
    return _site("", None, next((each for each in folders if any(_below(each, MARKDOWN))), path))


def _pages_of(folder: Path) -> Path:
    """The folder of the pages of a conf.py: its own, or that below it where the index is."""
    for source in (folder, *(folder / name for name in _SOURCES[1:])):
        if any((source / f"index{ending}").is_file() for ending in (".md", ".rst")):
            return source
    return folder


def _site(builder: str, file: Path | None, source: Path) -> Site:
    pages = tuple(_below(source, MARKDOWN))
    unread = tuple(_below(source, (".rst",)))
    if not pages and not unread:
        raise DoctorError(
            f"{source}: no pages; looked for *.md and *.rst"
            + (f", as {file} says" if file is not None else " there and in what is below")
        )
    myst = dialects.as_written(file) if builder == "Sphinx" and file is not None else Myst()
    return Site(builder, file, source, pages, unread, myst)


def _myst_above(folder: Path) -> Myst:
    for each in (folder.resolve(), *folder.resolve().parents):
        if (each / "conf.py").is_file():
            return dialects.as_written(each / "conf.py")
    return Myst()


def _below(folder: Path, endings: Sequence[str]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _PASSED_OVER
            and not Path(parent, name, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if name.lower().endswith(tuple(endings)) and not name.startswith("."):
                yield Path(parent, name)


def _of_mkdocs(file: Path) -> Path:
    """The folder of the pages of a mkdocs.yml, whose tags of Python are passed over."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows every tag, and makes nothing of it."""

    Loader.add_multi_constructor("", lambda loader, suffix, node: None)
    try:
        found = yaml.load(files.read(file), Loader=Loader)  # noqa: S506 (a SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        found = None
    folder = found.get("docs_dir", "docs") if isinstance(found, dict) else "docs"
    return file.parent / (folder if isinstance(folder, str) else "docs")


# -- what a run would make of it ------------------------------------------------------------------


def examine(site: Site, config: Config) -> Report:
    """Read every page of a site. `config` is what holds for it already."""
    root = config.root
    report = Report(site, root)
    dialect = Dialect(config.show_only, frozenset(every_target()), site.myst, releases())
    for path in site.pages:
        page = reader.read(path, _shown(path, root), dialect)
        _add(report, page)
        report.includes += _includes(path, page.path)
    report.refused.sort(key=lambda problem: (problem.page, problem.line))
    return report


def _shown(path: Path, root: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(root) if resolved.is_relative_to(root) else path)


def _add(report: Report, page: Page) -> None:
    report.shown.update(page.only_shown)
    report.labels.update({label for tab_set in page.tab_sets for label in tab_set.labels})
    for problem in page.problems:
        place = f"{problem.page}:{problem.line}"
        if problem.kind == UNLABELLED:
            report.unlabelled.append(place)
        elif problem.kind.startswith(LANGUAGE):
            report.unknown.setdefault(problem.kind.removeprefix(LANGUAGE), []).append(place)
        else:
            report.refused.append(problem)
    for snippet in page.snippets:
        if snippet.problem is not None:
            report.refused.append(snippet.problem)
        elif "skip" in snippet.options:
            report.skipped += 1
        else:
            report.run[snippet.language] += 1
            report.dangers += dangers(snippet)


def _includes(path: Path, shown: str) -> Iterator[str]:
    try:
        text = files.read(path).decode("utf-8", "replace")
    except OSError:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if markdown.MACRO.search(line):
            yield f"{shown}:{number}"


_ELSEWHERE = r"(?:https?|ftp|ssh)://(?!localhost|127\.|0\.0\.0\.0|\[::)"
_INSTALLERS = r"pip[\d.]*|pipx|uv|poetry|pdm|hatch|conda|mamba|npm|yarn|pnpm|apt|apt-get|brew|dnf"

#: What a command of a shell may do that nobody wants of a page that is only read.
_COMMANDS: Sequence[tuple[str, str]] = (
    ("installs", rf"\b(?:{_INSTALLERS}|yum|apk|gem|cargo|go)\s+(?:-\S+\s+)*(?:pip\s+)?"
     r"(?:install|add|sync|get|tool)\b|\b(?:npx|uvx)\s"),
    ("deletes", r"(?:^|[;&|(]\s*|sudo\s+)(?:rm|rmdir|shred|dropdb|dropuser)\s|\bgit\s+(?:clean|"
     r"reset\s+--hard)|\bmanage\.py\s+(?:flush|reset_db)|\b(?:docker|kubectl|podman)\b.*\b(?:rm|prune|"
     r"delete|down)\b|\bmkfs|\bdd\s+if="),
    ("network", rf"\b(?:curl|wget|ssh|scp|rsync|ftp|telnet|twine|gh)\s|\bgit\s+(?:clone|push|pull|"
     rf"fetch)\b|\bdocker\s+(?:run|pull|push|compose)|{_ELSEWHERE}"),
    ("does not end", r"\brunserver\b|(?:^|[;&|]\s*|-m\s+|run\s+)(?:uvicorn|gunicorn|hypercorn)\b|"
     r"\bflask\b.*\brun\b|\bfastapi\s+(?:dev|run)|\bmkdocs\s+serve|\bcelery\b.*\bworker\b"
     r"|--reload\b|\btail\s+-f"
     r"|\bnpm\s+(?:start|run\s+dev)|http\.server"),
    ("runs as root", r"(?:^|[;&|]\s*)sudo\s"),
)  # fmt: skip
_PYTHON: Sequence[tuple[str, str]] = (
    ("deletes", r"\bshutil\.rmtree|\bos\.(?:remove|unlink|rmdir|removedirs)\b|\.(?:unlink|rmdir)\("
     r"|\bDROP\s+(?:DATABASE|TABLE|SCHEMA)\b|\bTRUNCATE\b"),
    ("network", r"\b(?:requests|httpx|aiohttp)\.\w+\(|\burlopen\(|\burllib\.request|"
     rf"\bsocket\.socket|\bsmtplib|\bboto3|\bftplib|\bparamiko|\bwebsockets?\.connect|\.(?:get|post|put|patch|delete|"
     rf"head|request|open|connect)\(\s*f?[\"']{_ELSEWHERE}"),
    ("starts processes", r"\bos\.(?:system|exec\w*|spawn\w*|kill|popen|fork)\b|\bsubprocess\.\w"),
    ("does not end", r"\bserve_forever\(|\brun_forever\(|\buvicorn\.run\(|\bapp\.run\(|\binput\(|"
     r"\bbreakpoint\(|\bset_trace\("),
)  # fmt: skip
_SQL: Sequence[tuple[str, str]] = (
    ("deletes", r"\bDROP\s+(?:DATABASE|SCHEMA|USER|ROLE|TABLESPACE)\b"),
    ("changes the server", r"\bSET\s+(?:GLOBAL|PERSIST)\b|\bALTER\s+SYSTEM\b|\bSHUTDOWN\b|\bGRANT\b"
     r"|\b(?:CREATE|ALTER)\s+(?:USER|ROLE)\b"),
)  # fmt: skip


def dangers(snippet: Snippet) -> Iterator[Danger]:
    """The lines of a block that look dangerous. It is a look at their words, and finds neither all
    nor only these."""
    for number, line, patterns in _lines_that_run(snippet):
        for kind, pattern in patterns:
            if kind == "does not end" and "background" in snippet.options:
                continue
            if re.search(pattern, line, re.IGNORECASE if patterns is _SQL else 0):
                yield Danger(kind, snippet.place, snippet.line + number, line.strip()[:120])


def _lines_that_run(snippet: Snippet) -> Iterator[tuple[int, str, Sequence[tuple[str, str]]]]:
    if snippet.kind == "console":
        try:
            commands = transcript.commands(snippet.code, snippet.language)
        except transcript.TranscriptError:
            return
        for command in commands:
            for number, line in enumerate(command.text.split("\n"), command.offset):
                yield number, line, _SQL if command.sql else _COMMANDS
        return
    patterns = {"python": _PYTHON, "pycon": _PYTHON, "sql": _SQL}.get(snippet.kind, ())
    for number, line in enumerate(snippet.code.split("\n")):
        if snippet.kind == "pycon" and not line.startswith((">>> ", "... ")):
            continue
        if not line.lstrip().startswith("#"):
            yield number, line, patterns


# -- what to put into the configuration -----------------------------------------------------------

#: Labels of tabs for machines that a run is not on.
_MACHINES = re.compile(r"windows|powershell|mac ?os|\bcmd\b|homebrew", re.IGNORECASE)


def settings(report: Report) -> Iterator[str]:
    """The lines of [tool.crossnotes] that fit the site."""
    yield "[tool.crossnotes]"
    yield f"source = {_quoted(_relative(report.site.source, report.root))}"
    if django := _django(report):
        yield f"django = {_quoted(django)}"
    if report.unknown:
        yield "# Languages of these pages that Crossnotes does not run."
        yield f"show-only = [{', '.join(_quoted(name) for name in sorted(report.unknown))}]"
    if report.unlabelled:
        yield f"# {_blocks(len(report.unlabelled))} without a language; each should have one."
        yield 'unlabelled = "show"'
    if setup := _doctest_setup(report.site):
        yield "# What sphinx.ext.doctest runs before each block (doctest_global_setup in conf.py)."
        yield f"setup = {setup}"
    if any(danger.kind in _OF_SHELL for danger in _of_commands(report)):
        yield "# Some commands install, delete or use the network; true runs them."
        yield "shell = false"
    labels = {target.label.lower(): target.name for target in every_target().values()}
    tied = {
        label: labels[label.lower()] for label in sorted(report.labels) if label.lower() in labels
    }
    if tied:
        yield from ("", "[tool.crossnotes.tabs]")
        yield from (f"{_quoted(label)} = {_quoted(target)}" for label, target in tied.items())
    if machines := [label for label in sorted(report.labels) if _MACHINES.search(label)]:
        yield from ("", "[tool.crossnotes.elsewhere]")
        yield from (f'{_quoted(label)} = "not run here"' for label in machines)


_OF_SHELL = ("installs", "deletes", "network", "runs as root", "does not end")


def _doctest_setup(site: Site) -> str:
    """What a conf.py has sphinx.ext.doctest run before each block, as TOML; "" for nothing."""
    if site.builder != "Sphinx" or site.file is None:
        return ""
    code = dialects.conf_values(site.file).get("doctest_global_setup")
    if not isinstance(code, str) or not code.strip() or "'''" in code:
        return ""
    return f"'''\n{textwrap.dedent(code).strip()}\n'''"


def _of_commands(report: Report) -> Iterator[Danger]:
    patterns = dict(_COMMANDS)
    for danger in report.dangers:
        if danger.kind in patterns and re.search(patterns[danger.kind], danger.text):
            yield danger


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path.resolve(), root)


def _django(report: Report) -> str:
    """The folder of the one Django project that there is beside the pages."""
    root = report.root
    found = [path.parent for path in (*root.glob("manage.py"), *root.glob("*/manage.py"))]
    return _relative(found[0], root) if len(found) == 1 else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number} pages"


def _blocks(number: int) -> str:
    return "1 block" if number == 1 else f"{number} blocks"


# -- telling it -----------------------------------------------------------------------------------

#: Places that are named of each thing, unless all are asked for.
MOST = 8


def told(report: Report, most: int) -> Iterator[str]:
    """The report, for a person; of what is many, the first `most`."""
    site = report.site
    builder = f"{site.builder} ({site.file.name})" if site.file else "Markdown without a builder"
    yield f"{site.source}: {builder}, {_pages(len(site.pages))}; nothing was executed"
    yield from _counted("would run", report.run)
    yield from _counted("only shown", report.shown)
    if report.skipped:
        yield f"  {'skipped':<20}{_blocks(report.skipped)}, with :skip:"
    yield from _places("without a language", report.unlabelled, most)
    unknown = [f"{place} {name}" for name, places in report.unknown.items() for place in places]
    yield from _places("unknown language", unknown, most)
    if report.includes:
        yield from _places("code of files", report.includes, most, "places")
        yield f"  {'':<20}what a macro inserts is not read; write it as a {{literalinclude}}"
    if site.unread:
        yield f"  {'not read':<20}{_pages(len(site.unread))} of reStructuredText"
    if report.refused:
        yield from ("", f"Would be reported as errors: {len(report.refused)}")
        shown = [f"{each.page}:{each.line}: {each.message}" for each in report.refused]
        yield from _listed(shown, most)
    if report.dangers:
        yield from ("", "Would run, and looks dangerous:")
        for kind in dict.fromkeys(danger.kind for danger in report.dangers):
            of_kind = [each for each in report.dangers if each.kind == kind]
            yield f"  {kind}: {len(of_kind)}"
            shown = [f"  {each.page}:{each.line}: {each.text}" for each in of_kind]
            yield from _listed(shown, most)
    yield from ("", f"For {report.root / configuration.FILE}:", "")
    yield from (f"  {line}".rstrip() for line in settings(report))


def _counted(what: str, counts: Mapping[str, int]) -> Iterator[str]:
    many = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    by_language = ", ".join(f"{count} {language}" for language, count in many)
    rest = f": {by_language}" if by_language else ""
    yield f"  {what:<20}{_blocks(sum(counts.values()))}{rest}"


def _places(what: str, places: Sequence[str], most: int, noun: str = "") -> Iterator[str]:
    if places:
        more = f", … {len(places) - most} more" if len(places) > most else ""
        number = f"{len(places)} {noun}" if noun else _blocks(len(places))
        yield f"  {what:<20}{number}: {', '.join(places[:most])}{more}"


def _listed(lines: Iterable[str], most: int) -> Iterator[str]:
    lines = list(lines)
    yield from (f"  {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"  … {len(lines) - most} more (--all names them)"


def as_json(report: Report) -> dict[str, Any]:
    """The report, for programs."""
    site = report.site
    return {
        "source": _relative(site.source, report.root),
        "builder": site.builder,
        "pages": len(site.pages),
        "unread": len(site.unread),
        "run": dict(report.run),
        "shown": dict(report.shown),
        "skipped": report.skipped,
        "unlabelled": report.unlabelled,
        "unknown": report.unknown,
        "includes": report.includes,
        "refused": [
            {"page": each.page, "line": each.line, "message": each.message}
            for each in report.refused
        ],
        "dangers": [
            {"kind": each.kind, "page": each.page, "line": each.line, "text": each.text}
            for each in report.dangers
        ],
        "settings": "\n".join(settings(report)) + "\n",
    }
