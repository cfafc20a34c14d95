"""Builds the site: a Sphinx for each language, side by side, and the page to choose one."""

import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from crossnotes import files, results
from crossnotes.reader import MOST_INCLUDED
from crossnotes.site import front
from crossnotes.site.project import Project, SiteError, find

OUT = Path("build/html")


@dataclass(frozen=True)
class Build:
    """What Sphinx said about one language."""

    language: str
    exit_code: int
    messages: str


def sphinx(project: Project, builder: str, out: Path, doctrees: Path, *options: str) -> list[str]:
    """The command that builds the pages of a project; run it in its root."""
    conf, source = project.relative(project.conf), project.relative(project.source)
    command = [sys.executable, "-m", "crossnotes.site.process", "-q", "--no-color", "-b", builder]
    return [
        *command,
        *options,
        "-c",
        conf,
        "-d",
        str(doctrees.resolve()),
        source,
        str(out.resolve()),
    ]


def run_sphinx(command: list[str], project: Project, language: str) -> Build:
    """Run a command of `sphinx` in one language."""
    run = subprocess.run(
        [*command, "-D", f"language={language}"],
        cwd=project.root,
        env=os.environ
        | {
            "PYTHONUTF8": "1",
            results.REPORTED: str(project.ledger.resolve()),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Build(language, run.returncode, run.stdout)


def folder_of(language: str, out: Path, project: Project) -> Path:
    """Where a language is built: into a folder of its own, where there are several."""
    return out / language if len(project.languages) > 1 else out


def build_language(language: str, out: Path, project: Project, options: Iterable[str]) -> Build:
    strict = ("-W", "--keep-going", *options)
    doctrees = out.parent / "doctrees" / language
    command = sphinx(project, "html", folder_of(language, out, project), doctrees, *strict)
    return run_sphinx(command, project, language)


def check(root: Path) -> Project:
    """The project in a folder. Raises SiteError for what Sphinx would stumble over, or wait for
    without an end."""
    project = find(root)
    assert project.languages  # raises SiteError, too
    found = _below(project.source)
    problems = [problem for path in found if (problem := _file_problem(path))]
    problems += [] if problems else _inclusion_problems(project.source, found)
    if problems:
        raise SiteError("\n".join(problems))
    return project


def _catalogue_problem(languages: Iterable[str], project: Project) -> str:
    """What is wrong with a catalogue, of which Sphinx says nothing; "" where nothing is. Those that
    it has compiled since they were written were looked at then."""
    from crossnotes.translations.catalogue import page_catalogues, read

    for language in languages:
        for po in page_catalogues(language, project.root):
            mo = po.with_suffix(".mo")
            if mo.is_file() and po.is_file() and mo.stat().st_mtime > po.stat().st_mtime:
                continue
            try:
                read(po, language)
            except SiteError as error:
                return str(error)
    return ""


def _below(folder: Path) -> list[Path]:
    """The files that a build may take in: those whose names begin with a dot are an editor's."""
    found: list[Path] = []
    for name, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        found += [Path(name, each) for each in sorted(names) if not each.startswith(".")]
    return found


def _file_problem(path: Path) -> str:
    """What is wrong with a file itself, whatever it holds; "" where nothing is."""
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return f"{shown}: the name is not UTF-8; give the file another one"
    if "\n" in path.name or "\r" in path.name:
        return f"{shown!r}: a name of several lines; give the file another one"
    try:
        kind = path.stat().st_mode
    except OSError as error:
        return f"{shown}: cannot read: {error.strerror}" if path.suffix == ".md" else ""
    return "" if stat.S_ISREG(kind) else f"{shown}: not a file, but a device or a pipe; remove it"


#: A directive that includes a file, and its name.
_INCLUDE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,}|:{3,})\{include\}[ \t]+(\S+)", re.MULTILINE)


def _inclusion_problems(docs: Path, paths: Iterable[Path]) -> Iterator[str]:
    """The pages that include more files than our own reader would follow: Sphinx would take all of
    them, however long that takes."""
    known: dict[Path, int] = {}

    def inclusions(path: Path) -> int:
        if path not in known:
            known[path] = 0  # one that includes itself is Sphinx's to report
            names = _INCLUDE.findall(_text_of(path))
            inner = [docs / name[1:] if name[0] == "/" else path.parent / name for name in names]
            count = sum(1 + inclusions(Path(os.path.normpath(each))) for each in inner)
            known[path] = min(count, MOST_INCLUDED + 1)
        return known[path]

    for path in paths:
        try:
            too_many = path.suffix == ".md" and inclusions(path) > MOST_INCLUDED
        except RecursionError:
            too_many = True  # a chain as long as that
        if too_many:
            yield f"{path}: it includes more than {MOST_INCLUDED} files, which include each other"


def _text_of(path: Path) -> str:
    try:
        return files.read(path).decode("utf-8", "replace")
    except OSError:
        return ""


def report(build: Build) -> None:
    """A failed language's warnings, each line with the language in front."""
    for line in in_short(build.messages).splitlines():
        print(f"[{build.language}] {line}", file=sys.stderr)


#: How Sphinx reports what it has no words for: versions, its last messages, a traceback.
_CRASH = re.compile(
    r"\n*Versions\n=+\n.*\nTraceback\n=+\n(?P<traceback>.*)\n"
    r"The full traceback has been saved in:\n(?P<file>[^\n]*)\n.*",
    re.DOTALL,
)


def in_short(messages: str) -> str:
    """What Sphinx said; of a crash where it was in the project's own files, and the error."""
    match = _CRASH.search(messages)
    if match is None:
        return messages
    lines = [line.strip() for line in match["traceback"].splitlines() if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    places: list[tuple[str, str]] = re.findall(r'File "([^"]+)", line (\d+)', match["traceback"])
    own = [f"{path}:{line}: " for path, line in places if "/site-packages/" not in path]
    before = messages[: match.start()].strip()
    return (
        f"{before}\n{own[-1] if own else ''}{last}\nThe traceback is in {match['file']}\n".lstrip()
    )


def side_by_side(languages: Iterable[str], build: Callable[[str], Build]) -> list[str]:
    """Build each language in a process of its own; the languages that failed, each reported."""
    with ThreadPoolExecutor() as pool:
        builds = list(pool.map(build, languages))
    for done in builds:
        report(done)
    return [done.language for done in builds if done.exit_code]


def write_zip(out: Path, path: Path) -> None:
    """The site as one file; its links between pages and languages are relative."""
    pages = sorted(f for f in out.rglob("*") if f.is_file() and not f.name.startswith("."))
    with (
        files.replacing(path) as zipped,
        zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for file in pages:
            archive.write(file, Path(path.stem, file.relative_to(out)))


def _write_results(language: str, out: Path) -> None:
    """results.json beside all languages, for programs; its addresses lead to the first of them."""
    for name in ("results.json", "results.schema.json"):
        found = out / language / name
        if found.exists():
            text = found.read_text(encoding="utf-8")
            files.write(out / name, _SUBJECT.sub(rf"\1{language}/", text))


#: The line of results.json with a page's address, up to that.
_SUBJECT = re.compile(r'^(\{"id": .*"url": ")(?=[^"]*", "questions": \[$)', re.MULTILINE)


def check_links(root: Path = Path()) -> int:
    """Ask for every external link of every language, and return an exit code. Needs a network."""
    try:
        project = check(root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    failed = side_by_side(project.languages, lambda code: _check_links(code, project))
    if not failed:
        print(f"All links of {', '.join(project.languages)} lead somewhere.")
    return 1 if failed else 0


def _check_links(language: str, project: Project) -> Build:
    build = project.root / "build"
    out, doctrees = (build / name / language for name in ("linkcheck", "doctrees/linkcheck"))
    command = sphinx(project, "linkcheck", out, doctrees, "-W", "--keep-going")
    return run_sphinx(command, project, language)


def build(
    languages: Mapping[str, str] | None = None,
    out: Path = OUT,
    root: Path = Path(),
    options: Iterable[str] = (),
    offline: bool = False,
) -> int:
    """Build the languages (all of the project's unless given) into root/out and return an exit
    code. Several are built side by side, below a page to choose one; one alone is built into
    root/out itself.

    `options` go to sphinx-build, such as `-E` for everything anew. `offline` adds a zip of the
    whole, to be read without a network.
    """
    try:
        project = check(root)
        languages = project.languages if languages is None else languages
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    if problem := _catalogue_problem(languages, project):
        print(problem, file=sys.stderr)
        return 2
    out, options = root / out, tuple(options)
    # A ledger that cannot be used is told of, and the site is built without it.
    for problem in results.read_folder(project.ledger, root)[1]:
        print(problem, file=sys.stderr)
    failed = side_by_side(languages, lambda code: build_language(code, out, project, options))
    if failed:
        print(f"The site was not built: see {', '.join(failed)} above.", file=sys.stderr)
        return 1
    for code in languages:
        if not (folder_of(code, out, project) / f"{project.root_doc}.html").is_file():
            # Such as one whose conf.py ends the process.
            print(f"[{code}] Sphinx ended without an error and built nothing.", file=sys.stderr)
            return 1
    zipped = front.zip_of(out, languages)
    try:
        zipped.unlink(missing_ok=True)  # of another build
        if len(project.languages) > 1:
            _write_results(next(iter(languages)), out)
            front.write(languages, out, project.language)
        if offline:
            write_zip(out, zipped)
            if len(project.languages) > 1:
                front.write(languages, out, project.language)  # now it offers the zip
    except OSError as error:
        print(f"{error.filename or out}: cannot write: {error.strerror}", file=sys.stderr)
        return 2
    print(f"The site is in {out}: open {out / 'index.html'}")
    return 0
