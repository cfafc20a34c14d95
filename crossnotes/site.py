"""Builds the site: a Sphinx for each language, side by side, and the page to choose one."""

import ast
import html
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import Template

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
        env=os.environ | {"DOCS_LANG": language, "PYTHONUTF8": "1"},
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


def description(page: Path) -> str:
    """A page's summary, as its own head gives it."""
    text = page.read_text(encoding="utf-8")
    for tag in re.findall(r"<meta [^>]*>", text):
        if 'name="description"' in tag and (content := re.search(r'content="([^"]*)"', tag)):
            return html.unescape(content[1])
    return ""


def choice(code: str, name: str, out: Path) -> str:
    summary = html.escape(description(out / code / "index.html"))
    link = f'<a href="{code}/index.html" hreflang="{code}"><strong>{html.escape(name)}</strong>'
    return f'          <li lang="{code}">{link}{summary}</a></li>'


def write_front_page(languages: Mapping[str, str], out: Path, root: Path) -> None:
    """A page that offers all languages and decides for nobody."""
    template = Template((root / "docs/_templates/front.html").read_text(encoding="utf-8"))
    choices = "\n".join(choice(code, name, out) for code, name in languages.items())
    text = template.substitute(title="Crossnotes", choices=choices)
    (out / "index.html").write_text(text, encoding="utf-8")


def check(root: Path) -> None:
    if not (root / "docs" / "index.md").is_file():
        raise SiteError(f"{root / 'docs' / 'index.md'}: no such file; there is nothing to build")


def report(build: Build) -> None:
    """A failed language's warnings, each line with the language in front."""
    for line in build.messages.splitlines():
        print(f"[{build.language}] {line}", file=sys.stderr)


def build(
    languages: Mapping[str, str] | None = None,
    out: Path = OUT,
    root: Path = Path(),
    options: Iterable[str] = (),
) -> int:
    """Build the languages (all of conf.py's unless given) into root/out and return an exit code.

    `options` go to sphinx-build, such as `-E` for everything anew.
    """
    try:
        languages = read_languages(root / "conf.py") if languages is None else languages
        check(root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    out, options = root / out, tuple(options)
    with ThreadPoolExecutor(max_workers=len(languages)) as pool:
        builds = list(pool.map(lambda code: build_language(code, out, root, options), languages))
    for done in builds:
        report(done)
    failed = [done.language for done in builds if done.exit_code]
    if failed:
        print(f"The site was not built: see {', '.join(failed)} above.", file=sys.stderr)
        return 1
    write_front_page(languages, out, root)
    print(f"The site is in {out}: open {out / 'index.html'}")
    return 0
