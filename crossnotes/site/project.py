"""Project: where a Sphinx project has its conf.py, its pages and its languages."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crossnotes import config, dialects

#: Where pages are looked for, from the root of a project.
FOLDERS = ("docs", ".", "docs/source", "doc", "doc/source", "source")
SUFFIXES = (".md", ".rst", ".ipynb", ".txt")
_ROOT_DOC = re.compile(r"^(?:root_doc|master_doc)\s*=\s*[\"']([\w/.-]+)[\"']", re.MULTILINE)

#: Seconds that running a conf.py may take.
TIMEOUT = 120

#: Runs a conf.py as Sphinx does, and says what its languages are.
_ASK = """
import json, os, sys
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from sphinx.config import Config
from sphinx.util.tags import Tags
found = Config.read(sys.argv[1], overrides={}, tags=Tags())
json.dump([found._raw_config.get("crossnotes_languages"), found.language], answer)
"""


class SiteError(Exception):
    """The site can't be built as things are; the message says what is missing."""


@dataclass(frozen=True)
class Project:
    """A Sphinx project: commands run in `root`, where build/ is made; `conf` and `source` are the
    folders of conf.py and of the pages, of which `root_doc` is the first."""

    root: Path
    conf: Path
    source: Path
    root_doc: str = "index"

    @cached_property
    def languages(self) -> dict[str, str]:
        """Code to name, the one that the pages are written in first. Raises SiteError."""
        return read_languages(self.conf / dialects.CONF)

    @property
    def language(self) -> str:
        """The language that the pages are written in."""
        return next(iter(self.languages))

    @property
    def translations(self) -> list[str]:
        """The languages that the pages are translated into."""
        return list(self.languages)[1:]

    @property
    def alone(self) -> str:
        """What is said where there is nothing to translate."""
        (name,) = self.languages.values()
        return f"The pages are in {name} alone: there is nothing to translate."

    @property
    def locale(self) -> Path:
        """The folder of the catalogues, with a folder for each language."""
        return locale_of(self.conf, self.source, self.root)

    @cached_property
    def ledger(self) -> Path:
        """The folder of the results that the site shows."""
        settings = config.find(self.root)
        return settings.root / settings.ledger

    def relative(self, folder: Path) -> str:
        return os.path.relpath(folder, self.root)


def locale_of(conf: Path, source: Path, root: Path) -> Path:
    """Where the catalogues are: beside conf.py, beside the pages, or at the root of the project. A
    relative path in conf.py would be looked up beside the pages alone."""
    found = (folder / "locale" for folder in (conf, source, root))
    return next((folder for folder in found if folder.is_dir()), conf / "locale")


def find(root: Path = Path()) -> Project:
    """The project in a folder. Raises SiteError, which says what was looked for."""
    try:
        said = config.find(root).source
    except config.ConfigError as error:
        raise SiteError(str(error)) from None
    folders = dict.fromkeys((said, *FOLDERS))
    for name in folders:
        source = root / name
        conf = dialects.conf_folder(source, root)
        if conf is None:
            continue
        root_doc = _root_doc(conf / dialects.CONF)
        if any((source / f"{root_doc}{suffix}").is_file() for suffix in SUFFIXES):
            return Project(root, root / conf.relative_to(root.resolve()), source, root_doc)
    confs = [root / name / dialects.CONF for name in folders]
    confs = [conf for conf in confs if os.path.lexists(conf)]
    for conf in confs:
        stated(conf)  # raises SiteError for what is there and cannot be read
    looked = ", ".join(f"{name}/" for name in folders if name != ".")
    if not confs and (root / "mkdocs.yml").is_file():
        raise SiteError(
            f"{root / 'mkdocs.yml'}: this is a site of MkDocs, and Crossnotes builds sites of "
            "Sphinx; `crossnotes doctor` and `crossnotes test` read its pages as they are"
        )
    if not confs:
        raise SiteError(
            f"{root / 'conf.py'}: no such file, and none in {looked}; run this in the folder of a "
            "Sphinx project (sphinx-quickstart makes one)"
        )
    raise SiteError(
        f"{root / said / 'index.md'}: no such file, and no index.md or index.rst in {looked} or "
        "beside conf.py; there is nothing to build"
    )


def _root_doc(conf: Path) -> str:
    """The first page, where conf.py names it in a line of its own."""
    try:
        found = _ROOT_DOC.search(conf.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "index"
    return found[1] if found else "index"


# ---- languages


def read_languages(conf: Path) -> dict[str, str]:
    """The languages of the project with this conf.py, code to name: those of crossnotes_languages,
    else of [tool.crossnotes], else the one of Sphinx. Raises SiteError."""
    found = stated(conf)
    if found is not None:
        return found
    try:
        if of_config := config.find(conf.parent).languages:
            return dict(of_config)
    except config.ConfigError as error:
        raise SiteError(str(error)) from None
    languages, language = _ask(conf)
    if languages is None:
        from crossnotes.site.defaults import own_name

        return {language: own_name(language)}
    return _checked(conf, "", languages)


def stated(conf: Path) -> dict[str, str] | None:
    """The languages that conf.py writes out, without running it; None where it does not say, or
    makes them in another way. Raises SiteError for a file that is no Python, or wrong languages."""
    try:
        tree = ast.parse(conf.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise SiteError(f"{conf}: no such file; run this at the root of the repository") from None
    except OSError as error:
        raise SiteError(f"{conf}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SiteError(f"{conf}: not UTF-8: byte {error.start}") from None
    except SyntaxError as error:
        raise SiteError(f"{conf}:{error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        # A byte of 0 is no SyntaxError before Python 3.11.4, and has no line.
        line = conf.read_bytes().partition(b"\0")[0].count(b"\n") + 1
        place = f"{conf}:{line}" if "null bytes" in str(error) else f"{conf}: not Python"
        raise SiteError(f"{place}: {error}") from None
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if names.count("crossnotes_languages") > 1:
        return None  # it is changed afterwards
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="crossnotes_languages")], value=value)
                | ast.AnnAssign(
                    target=ast.Name(id="crossnotes_languages"), value=ast.expr() as value
                )
            ):
                try:
                    return _checked(conf, f":{statement.lineno}", ast.literal_eval(value))
                except (ValueError, TypeError, RecursionError):
                    return None
    return None


def _checked(conf: Path, line: str, found: object) -> dict[str, str]:
    if not isinstance(found, Mapping) or not found or not all(map(_is_language, found.items())):
        raise SiteError(
            f"{conf}{line}: crossnotes_languages has to be a dict of codes and names, such as "
            '{"en": "English"}'
        )
    return dict(found)


def _is_language(item: tuple[object, object]) -> bool:
    code, name = item
    is_code = isinstance(code, str) and re.fullmatch(r"[A-Za-z]+([_-]\w+)*", code)
    return bool(is_code) and isinstance(name, str)


def _ask(conf: Path) -> tuple[Any, str]:
    """What conf.py says of languages when it is run, as Sphinx runs it: crossnotes_languages, and
    `language`. Raises SiteError."""
    try:
        run = subprocess.run(
            [sys.executable, "-c", _ASK, str(conf.parent.resolve())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            env=os.environ | {"PYTHONUTF8": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SiteError(f"{conf}: Sphinx did not load it in {TIMEOUT} s") from None
    try:
        languages, language = json.loads(run.stdout)
    except ValueError:
        last = run.stderr.strip().splitlines()[-1:] or ["it ends the process that loads it"]
        raise SiteError(f"{conf}: Sphinx cannot load it: {last[0]}") from None
    return languages, language
