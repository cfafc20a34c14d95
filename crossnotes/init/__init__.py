"""`crossnotes init`: a new site whose pages run at once, or what a Sphinx project has to add."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from crossnotes import config, files
from crossnotes.targets import every_target

TEMPLATE = Path(__file__).with_name("template")
#: Files of the template that a site has under another name.
NAMES = {
    "settings.toml": config.FILE,
    "gitignore": ".gitignore",
    "pre-commit.yaml": ".pre-commit-config.yaml",
    "github.yml": ".github/workflows/docs.yml",
}
EXTENSION = "crossnotes.sphinxext"

#: Two texts put together, as each database writes it.
_JOINED = "SELECT 'cross' || 'notes' AS joined;"
_JOINED_BY_MYSQL = "SELECT CONCAT('cross', 'notes') AS joined;"
#: What pip installs for a target.
_EXTRAS = ("mysql", "mariadb", "postgresql", "oracle", "tidb")


class InitError(Exception):
    """Nothing was written; the message says why, and what to do."""


@dataclass(frozen=True)
class Choice:
    """What a person wants: `languages` are codes, the first of the pages; `django` is the folder of
    a Django project, made where there is none, "" for none; `ci` is `github` or ""."""

    name: str
    languages: Sequence[str] = ("en",)
    theme: str = "furo"
    django: str = ""
    targets: Sequence[str] = ("sqlite",)
    ci: str = ""

    @property
    def databases(self) -> list[str]:
        """The targets by their names, TiDB's deployments by theirs."""
        return [every_target()[target].label for target in self.targets]


def make(folder: Path, choice: Choice) -> list[Path]:
    """Write a new site into a folder; the files. Raises InitError where one is there already, a
    target is not known, or a file cannot be written."""
    if unknown := [name for name in choice.targets if name not in every_target()]:
        known = ", ".join(sorted(every_target()))
        raise InitError(f"unknown target {unknown[0]!r}; known are: {known}")
    if not re.fullmatch(r"[\w.-]+", choice.theme):
        raise InitError(f"{choice.theme!r} is not the name of a theme, such as furo")
    for code in choice.languages:
        if not re.fullmatch(config.LANGUAGE, code) or not own_name(code):
            raise InitError(f"{code!r} is not a code of a language, such as en or pt_BR")
    if (choice.django and Path(choice.django).is_absolute()) or ".." in Path(choice.django).parts:
        raise InitError(f"the Django project has to be in {folder}: {choice.django!r} is not")
    texts = dict(_texts(folder, choice))
    if there := [path for path in texts if (folder / path).exists()]:
        raise InitError(
            f"{folder / there[0]} already exists, and nothing was written; "
            "`crossnotes init --existing` shows what a Sphinx project has to add"
        )
    for path, text in texts.items():
        try:
            files.write(folder / path, text)
        except OSError as error:
            raise InitError(f"{folder / path}: cannot write it: {error.strerror}") from None
    return list(texts)


def _texts(folder: Path, choice: Choice) -> Iterator[tuple[Path, str]]:
    is_new = bool(choice.django) and not (folder / choice.django / "manage.py").exists()
    values = _values(choice, is_new)
    for path in sorted(TEMPLATE.rglob("*")):
        name = path.relative_to(TEMPLATE).as_posix()
        if path.is_dir() or path.suffix == ".pyc" or name == "docs/models.md":
            continue
        if name == "github.yml" and not choice.ci:
            continue
        if name.startswith("django/"):
            if not is_new:
                continue
            name = f"{choice.django}/{name.removeprefix('django/')}"
        text = path.read_text(encoding="utf-8")
        # At once: what a person writes may look like one of these words.
        text = re.sub(r'"@(PROJECT)@"|@([A-Z_]+)@', lambda word: values[word[1] or word[2]], text)
        yield Path(NAMES.get(name, name)), text.rstrip("\n") + "\n" if text else text


def _values(choice: Choice, is_new: bool) -> dict[str, str]:
    models = (TEMPLATE / "docs/models.md").read_text(encoding="utf-8") if is_new else ""
    models = models.replace("@DJANGO@", choice.django)
    labels = dict(zip(choice.databases, choice.targets, strict=True))
    extras = [extra for extra in _EXTRAS if any(t.startswith(extra) for t in choice.targets)]
    extras = ["mysql" if extra == "mariadb" else extra for extra in extras]
    named = choice.databases
    listed = f"{', '.join(named[:-1])} and {named[-1]}" if named[1:] else named[0]
    return {
        "MODELS": models,
        "NAME": " ".join(choice.name.split()),
        "PROJECT": _quoted(" ".join(choice.name.split())),
        "THEME": choice.theme,
        "DJANGO": choice.django,
        "DJANGO_LINE": f"django = {_quoted(choice.django)}\n" if choice.django else "",
        "TARGETS": listed,
        "TARGET_LIST": ", ".join(f'"{target}"' for target in choice.targets),
        "TABS": _tabs(labels),
        "TAB_LABELS": "\n".join(f'"{label}" = "{target}"' for label, target in labels.items()),
        "LANGUAGES": "\n".join(f"{code} = {_quoted(own_name(code))}" for code in choice.languages),
        "EXTRAS": ",".join(dict.fromkeys(["site", "servers", *extras])),
    }


def _tabs(labels: dict[str, str]) -> str:
    tabs = []
    for label, target in labels.items():
        of_mysql = target.startswith(("mysql", "mariadb", "tidb"))
        code = _JOINED_BY_MYSQL if of_mysql else _JOINED
        if target == "oracle":
            code = _JOINED.replace(";", " FROM dual;")
        output = "```{output}\njoined\ncrossnotes\n```"
        tabs.append(f":::{{tab}} {label}\n```sql\n{code}\n```\n\n{output}\n:::")
    return "\n".join(["::::{tabs}", *tabs, "::::"])


def _quoted(text: str) -> str:
    """A text as TOML and Python write it."""
    return json.dumps(text, ensure_ascii=False)


def own_name(language: str) -> str:
    """What a language calls itself; its code where Babel is not installed, and "" where that does
    not know it."""
    try:
        from crossnotes.site.defaults import own_name as of_babel
    except ImportError:
        return language
    name = of_babel(language)
    return "" if name == language else name


def missing(choice: Choice) -> Iterator[str]:
    """The command that installs what a new site needs and this Python does not have, if any."""
    wanted = [] if _is_there("myst_parser") and _is_there("django") else ["'crossnotes[site]'"]
    if choice.theme != "furo" and not (_is_there(choice.theme) or _is_of_sphinx(choice.theme)):
        wanted.append(choice.theme)
    if wanted:
        yield f"pip install {' '.join(wanted)}"


def _is_there(module: str) -> bool:
    return module.isidentifier() and find_spec(module) is not None


def _is_of_sphinx(theme: str) -> bool:
    sphinx = find_spec("sphinx")
    folders = sphinx.submodule_search_locations if sphinx is not None else None
    return theme == "alabaster" or any(
        Path(each, "themes", theme).is_dir() for each in folders or ()
    )


# -- a project that is there ----------------------------------------------------------------------


def difference(root: Path, conf: Path, source: Path, choice: Choice) -> str:
    """What a Sphinx project has to add, as a diff that `patch -p1` takes; "" where it has all.
    Nothing is written. Raises InitError for a conf.py that is no Python."""
    said = conf.read_text(encoding="utf-8")
    parts = [_diff(conf.relative_to(root), said, _with_extension(conf, said))]
    settings = root / config.FILE
    had = settings.read_text(encoding="utf-8") if settings.exists() else ""
    if "[tool.crossnotes" not in had:
        lines = [
            "[tool.crossnotes]",
            f'source = "{source.relative_to(root).as_posix()}"',
            *([f"django = {_quoted(choice.django)}"] if choice.django else []),
            f"targets = [{', '.join(f'{target!r}' for target in choice.targets)}]".replace(
                "'", '"'
            ),
            'unlabelled = "show"',
        ]
        table = "\n".join(lines) + "\n"
        parts.append(_diff(Path(config.FILE), had, f"{had.rstrip()}\n\n{table}".lstrip("\n")))
    return "".join(parts)


def _with_extension(conf: Path, text: str) -> str:
    """conf.py with our extension at the end of its list, behind one that reads Markdown."""
    if EXTENSION in text:
        return text
    has_myst = "myst_parser" in text or "myst_nb" in text
    wanted = [f'"{name}"' for name in (*(() if has_myst else ("myst_parser",)), EXTENSION)]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise InitError(f"{conf}: not Python: {error}") from None
    lines = text.splitlines(keepends=True)
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="extensions")], value=ast.List(elts=[*_, last])):
                assert last.end_lineno is not None
                assert last.end_col_offset is not None
                at = last.end_lineno - 1
                # Columns are bytes.
                line = lines[at].encode()
                before, after = line[: last.end_col_offset], line[last.end_col_offset :]
                one_line = statement.lineno == statement.end_lineno
                indent = " " * last.col_offset
                between = ", " if one_line else f",\n{indent}"
                lines[at] = between.join([before.decode(), *wanted]) + after.decode()
                return "".join(lines)
            case ast.Assign(targets=[ast.Name(id="extensions")], value=ast.List(elts=[])):
                lines[statement.lineno - 1 : statement.end_lineno] = [
                    f"extensions = [{', '.join(wanted)}]\n"
                ]
                return "".join(lines)
    has_one = any(isinstance(node, ast.Name) and node.id == "extensions" for node in ast.walk(tree))
    end = f"extensions = [{', '.join(['*extensions', *wanted] if has_one else wanted)}]"
    return f"{text.rstrip()}\n\n{end}\n"


def _diff(path: Path, old: str, new: str) -> str:
    return "".join(
        difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"a/{path.as_posix()}" if old else "/dev/null",
            f"b/{path.as_posix()}",
        )
    )
