"""Builds the site: a Sphinx for each language, side by side, and the page to choose one."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from crossnotes import front, results

OUT = Path("build/html")


class SiteError(Exception):
    """The site can't be built as things are; the message says what is missing."""


@dataclass(frozen=True)
class Build:
    """What Sphinx said about one language."""

    language: str
    exit_code: int
    messages: str


def read_languages(conf: Path) -> dict[str, str]:
    """The languages that conf.py gives, code to name, without running it."""
    try:
        tree = ast.parse(conf.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SiteError(f"{conf}: no such file; run this at the root of the repository") from None
    except SyntaxError as error:
        raise SiteError(f"{conf}:{error.lineno}: {error.msg}") from None
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="crossnotes_languages")], value=value):
                return dict(ast.literal_eval(value))
    raise SiteError(f"{conf}: crossnotes_languages is missing")


def sphinx(root: Path, builder: str, out: Path, doctrees: Path, *options: str) -> list[str]:
    """The command that builds the pages of a repository; run it there."""
    command = [sys.executable, "-m", "sphinx", "-q", "--no-color", "-b", builder, *options]
    return [*command, "-c", ".", "-d", str(doctrees.resolve()), "docs", str(out.resolve())]


def run_sphinx(command: list[str], root: Path, language: str) -> Build:
    run = subprocess.run(
        command,
        cwd=root,
        env=os.environ
        | {
            "DOCS_LANG": language,
            "PYTHONUTF8": "1",
            results.REPORTED: str((root / results.FOLDER).resolve()),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Build(language, run.returncode, run.stdout)


def build_language(language: str, out: Path, root: Path, options: Iterable[str]) -> Build:
    strict = ("-n", "-W", "--keep-going", *options)
    doctrees = out.parent / "doctrees" / language
    return run_sphinx(sphinx(root, "html", out / language, doctrees, *strict), root, language)


def check(root: Path) -> None:
    if not (root / "docs" / "index.md").is_file():
        raise SiteError(f"{root / 'docs' / 'index.md'}: no such file; there is nothing to build")


def report(build: Build) -> None:
    """A failed language's warnings, each line with the language in front."""
    for line in build.messages.splitlines():
        print(f"[{build.language}] {line}", file=sys.stderr)


def side_by_side(languages: Iterable[str], build: Callable[[str], Build]) -> list[str]:
    """Build each language in a process of its own; the languages that failed, each reported."""
    with ThreadPoolExecutor() as pool:
        builds = list(pool.map(build, languages))
    for done in builds:
        report(done)
    return [done.language for done in builds if done.exit_code]


def write_zip(out: Path) -> None:
    """The site as one file; its links between pages and languages are relative."""
    path = out / front.OFFLINE
    files = sorted(f for f in out.rglob("*") if f.is_file() and not f.name.startswith("."))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, Path(path.stem, file.relative_to(out)))


def _write_results(language: str, out: Path) -> None:
    """results.json beside all languages, for programs; its addresses lead to the first of them."""
    for name in ("results.json", "results.schema.json"):
        found = out / language / name
        if found.exists():
            text = found.read_text(encoding="utf-8")
            (out / name).write_text(_SUBJECT.sub(rf"\1{language}/", text), encoding="utf-8")


#: The line of results.json with a page's address, up to that.
_SUBJECT = re.compile(r'^(\{"id": .*"url": ")(?=[^"]*", "questions": \[$)', re.MULTILINE)


def check_links(root: Path = Path()) -> int:
    """Ask for every external link of every language, and return an exit code. Needs a network."""
    try:
        languages = read_languages(root / "conf.py")
        check(root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    failed = side_by_side(languages, lambda code: _check_links(code, root))
    if not failed:
        print(f"All links of {', '.join(languages)} lead somewhere.")
    return 1 if failed else 0


def _check_links(language: str, root: Path) -> Build:
    out, doctrees = (
        root / "build" / name / language for name in ("linkcheck", "doctrees/linkcheck")
    )
    command = sphinx(root, "linkcheck", out, doctrees, "-W", "--keep-going")
    return run_sphinx(command, root, language)


def build(
    languages: Mapping[str, str] | None = None,
    out: Path = OUT,
    root: Path = Path(),
    options: Iterable[str] = (),
    offline: bool = False,
) -> int:
    """Build the languages (all of conf.py's unless given) into root/out and return an exit code.

    `options` go to sphinx-build, such as `-E` for everything anew. `offline` adds a zip of the
    whole, to be read without a network.
    """
    try:
        languages = read_languages(root / "conf.py") if languages is None else languages
        check(root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    out, options = root / out, tuple(options)
    # A ledger that cannot be used is told of, and the site is built without it.
    for problem in results.read_folder(root / results.FOLDER, root)[1]:
        print(problem, file=sys.stderr)
    failed = side_by_side(languages, lambda code: build_language(code, out, root, options))
    if failed:
        print(f"The site was not built: see {', '.join(failed)} above.", file=sys.stderr)
        return 1
    _write_results(next(iter(languages)), out)
    (out / front.OFFLINE).unlink(missing_ok=True)  # of another build
    front.write(languages, out, root)
    if offline:
        write_zip(out)
        front.write(languages, out, root)  # now it offers the zip
    print(f"The site is in {out}: open {out / 'index.html'}")
    return 0
