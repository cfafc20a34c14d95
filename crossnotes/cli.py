"""The command line: `python -m crossnotes`."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import gc
import io
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from crossnotes import __version__, files, results_cli
from crossnotes import config as configuration
from crossnotes import ledger as ledgers
from crossnotes.book import Book, BookError, Source
from crossnotes.extras import needed
from crossnotes.page import Page, Problem
from crossnotes.program import Program
from crossnotes.result import Result, is_not_reached
from crossnotes.results_cli import Wrong, annotate
from crossnotes.run import project as projects
from crossnotes.run.benches import Benches, Options, opened
from crossnotes.run.driver import Driver, TargetRun, write_ledgers
from crossnotes.targets import Target, TargetError, every_target, requests
from crossnotes.text import report


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="crossnotes")
def main() -> None:
    """Run the code blocks of Markdown pages on databases, and build a site with the results."""
    for stream in (sys.stdout, sys.stderr):
        # A name that is not UTF-8 is shown, and JSON reads the escape as what it was.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


# -- list -----------------------------------------------------------------------------------------


@main.command("list")
@click.argument("paths", nargs=-1)
def list_snippets(paths: Sequence[str]) -> None:
    """Print the code blocks of PATHS (default: all pages of the project) as JSON lines. Problems go
    to standard error."""
    book = _book()
    problems: list[Problem] = []
    for source in _sources(paths, book):
        reading = book.read(source)
        problems += reading.problems
        for snippet in reading.page.snippets:
            problems += [snippet.problem] if snippet.problem else []
            entry = {
                "page": snippet.page,
                "line": snippet.line,
                "index": snippet.index,
                "name": snippet.name,
                "language": snippet.language,
                "tab": snippet.labels,
                "code": snippet.code,
            }
            click.echo(json.dumps(entry, ensure_ascii=False))
    lines = [report.problem_line(problem) for problem in problems]
    for line in lines:
        click.echo(line, err=True)
    annotate(lines)
    sys.exit(1 if problems else 0)


# -- test -----------------------------------------------------------------------------------------


@main.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--target",
    "names",
    multiple=True,
    metavar="NAME",
    help="A database, such as `mysql@9.7`. May be repeated. Default: `targets` in "
    "[tool.crossnotes], or `sqlite`.",
)
@click.option("--every-target", is_flag=True, help="Use each of them that is available.")
@click.option(
    "--django",
    type=click.Path(file_okay=False),
    help="The folder of a Django project. Default: `django` in [tool.crossnotes].",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False),
    help="A file of environment variables that name external servers.",
)
@click.option(
    "--ledger",
    "ledger_folder",
    type=click.Path(file_okay=False),
    help="Write the results into this folder, one file for each database.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False),
    help="Write the ledger to this file; for several databases, a list.",
)
@click.option(
    "--junit", "junit_file", type=click.Path(dir_okay=False), help="Write JUnit XML to this file."
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option("--keep-going", is_flag=True, help="Run the blocks after a failed one, too.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=None,
    help="How many programs run side by side. Default: the number of processors.",
)
@click.option(
    "--keep-db", is_flag=True, help="Keep databases and working copies, and print their names."
)
@click.option(
    "--database", default="", metavar="NAME", help="Use this empty database of an external server."
)
@click.option(
    "--trust-pages",
    is_flag=True,
    help="On an external server, let pages use all rights of your account.",
)
@click.option("--no-shell", is_flag=True, help="Skip the commands of console blocks.")
@click.option(
    "--update", is_flag=True, help="Write the real output into the pages, and show the diff."
)
@click.option(
    "--shard",
    default="",
    metavar="I/N",
    help="Run part I of N of the pages. The ledgers of all parts together equal those of one run.",
)
@click.option(
    "--no-reuse", is_flag=True, help="Also run pages that have not changed since they passed."
)
def test(
    paths: Sequence[str],
    names: Sequence[str],
    every_target: bool,
    django: str | None,
    env_file: str | None,
    ledger_folder: str | None,
    json_file: str | None,
    junit_file: str | None,
    fail_fast: bool,
    keep_going: bool,
    jobs: int | None,
    keep_db: bool,
    database: str,
    trust_pages: bool,
    no_shell: bool,
    update: bool,
    shard: str,
    no_reuse: bool,
) -> None:
    """Run the code blocks of PATHS: files, folders, or docs/page.md:12 for the blocks up to a line.
    Default: all pages of the project."""
    book = _book()
    sources = _shard(_sources(paths, book), shard)
    keep_going = keep_going or book.config.on_failure == "keep-going"
    options = Options(
        update,
        keep_db,
        keep_going,
        _database(database, names, keep_db),
        trust_pages,
        shell=book.config.shell and not no_shell,
    )
    project = _project(django, book, sources)
    benches = Benches(book.config, project, _environment(env_file), options)
    printer = _Printer()
    driver = Driver(
        book,
        benches,
        jobs or len(os.sched_getaffinity(0)),
        fail_fast=fail_fast,
        reuse=not (no_reuse or keep_db or update),
        listener=printer.finished,
        progress=printer.progress,
    )
    # Thousands of results are kept, and none of them is ever garbage.
    gc.set_threshold(100_000, 50, 100)
    required = bool(names) or not every_target
    targets = _targets(names, book) if required else _targets_to_be_had(book)
    with _cleaning_up(), opened(benches):
        runs = driver.on(targets, sources)
    printer.clear()
    problems = [each for page in sorted(driver.problems) for each in driver.problems[page]]
    if update:
        problems += _update([book.read(source).page for source in sources], runs, book)
    for problem in problems:
        click.echo(report.problem_line(problem))
    annotate(map(report.problem_line, problems))
    # What cannot be written costs nothing else of the run.
    unwritten: list[str] = []
    if ledger_folder:
        whole = {source.shown_as for source in sources if source.up_to is None}
        unwritten += write_ledgers(runs, Path(ledger_folder), whole)
    if json_file:
        unwritten += _write(json_file, _as_json(runs[0]) if len(runs) == 1 else _as_json_list(runs))
    if junit_file:
        from crossnotes.text import junit

        suites = [junit.Suite(r.target.name, r.results, r.seconds, r.problem) for r in runs]
        unwritten += _write(junit_file, junit.document(suites, problems))
    _summary(runs, required)
    for message in unwritten:
        click.echo(f"Error: {message}", err=True)
    annotate(unwritten)
    wanted = runs if required else [r for r in runs if r.identity is not None]
    nothing_ran = driver.snippets_seen and not any(r.results for r in runs)
    not_had = required and any(r.no_server for r in runs)
    bad = problems or nothing_ran or not_had or any(r.failed for r in wanted)
    sys.exit(2 if unwritten else 1 if bad else 0)


@contextlib.contextmanager
def _cleaning_up() -> Iterator[None]:
    """A run that is told to end, as CI does it, cleans up as after Ctrl-C. Told again, it goes on
    cleaning up, which has an end."""

    def end(number: int, frame: object) -> None:
        for each in before:
            signal.signal(each, say_so)
        raise KeyboardInterrupt

    def say_so(number: int, frame: object) -> None:
        os.write(2, b"still dropping the databases and servers of this run ...\n")

    # SIGINT too: a script's background jobs begin with it ignored. nohup means what it says.
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _update(pages: Sequence[Page], runs: Sequence[TargetRun], book: Book) -> list[Problem]:
    """Write what was printed into the pages, and show each change as a diff; what could not be
    written."""
    from crossnotes.text import update as updates

    printed = updates.answers(
        {(r.target.name, r.version): ledgers.one_per_snippet(r.results) for r in runs}
    )
    problems: list[Problem] = []
    for page in pages:
        by_file, more = updates.by_file(page, printed, book.config.root)
        problems += more
        for path, edits in by_file.items():
            before = path.read_bytes().decode("utf-8")
            after = updates.updated(before, edits)
            if after == before:
                continue
            name = book.shown_as(path, path)
            try:
                files.write(path, after, sync=True)
            except OSError as error:
                message = f"cannot write: {error.strerror}; the page is as it was"
                problems.append(Problem(name, 1, message))
                continue
            diff = difflib.unified_diff(
                before.splitlines(), after.splitlines(), name, name, lineterm="", n=2
            )
            click.echo("\n".join(diff))
    return problems


def _targets_to_be_had(book: Book) -> list[Any]:
    """All targets of the project, of which a run takes those that there are."""
    names = book.config.targets or book.targets
    return [requests.parse(name) for name in names]


class _Printer:
    """Prints failures as their programs end and, on a terminal, how far the run is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty()
        self._done: dict[str, str] = {}
        self._last = 0.0

    def finished(self, run: TargetRun, program: Program, results: list[Result]) -> None:
        """A program's failures, each with its lines together."""
        assert run.identity is not None
        target = f"{run.name} {run.identity.version}".strip()
        lines = []
        for result in results:
            if result.status == "failed":
                code, line = report.snippet_of(program.page, result)
                failure = report.failure_lines(result, code, line, target)
                lines += [click.style(failure[0], fg="red", bold=True), *failure[1:]]
                if report.on_github() and result.failure is not None:
                    place = result.failure.page or result.page
                    said = "\n".join([result.failure.message, *failure[1:]])
                    lines.append(report.annotation(place, result.failure.line, target, said))
        if lines:
            with self._lock:
                self._erase()
                click.echo("\n".join(lines))

    def progress(self, run: TargetRun, done: int, of: int) -> None:
        """One line that is written over; ten times a second is enough."""
        if not self._live:
            return
        with self._lock:
            self._done[run.name] = f"{run.name} {done}/{of} pages"
            if time.monotonic() - self._last > 0.1:
                self._last = time.monotonic()
                self._erase()
                click.echo("  ".join(self._done.values()), nl=False, err=True)

    def clear(self) -> None:
        with self._lock:
            self._erase()

    def _erase(self) -> None:
        if self._live:
            click.echo("\r\x1b[2K", nl=False, err=True)


def _summary(runs: Sequence[TargetRun], required: bool) -> None:
    had = [run for run in runs if not run.problem]
    #: What each column says of a run; that of blocks that were not reached only where there are.
    columns: dict[str, Callable[[TargetRun], str]] = {
        "target": lambda run: run.name,
        "version": lambda run: (run.identity.version if run.identity else "") or "-",
        "programs": lambda run: str(run.programs),
        "passed": lambda run: str(run.count("passed")),
        "failed": lambda run: str(run.count("failed")),
        "not reached": lambda run: str(run.not_reached),
        "excused": lambda run: str(run.count("excused")),
        "seconds": lambda run: f"{run.seconds:.1f}",
    }
    if not any(run.not_reached for run in had):
        del columns["not reached"]
    rows = [[value(run) for value in columns.values()] for run in had]
    if rows:
        click.echo()
        click.echo("\n".join(report.table(rows, list(columns))))
    for run in runs:
        if run.reused:
            click.echo(f"{run.name}: {run.reused} of an earlier run (--no-reuse runs them)")
        for kept in run.kept:
            click.echo(f"{run.name}: kept: {kept}")
    reasons = Counter(
        result.reason if is_not_reached(result) else f"excused: {result.reason}"
        for run in runs
        for result in run.results
        if result.status == "excused"
    )
    for reason, count in reasons.items():
        kind, _, rest = reason.partition(": ")
        click.echo(f"{kind} {count}: {rest}")
    for run in runs:
        if run.no_server and not run.problem:
            mark = "failed" if required else "no server"
            click.echo(f"{run.name}: {mark}: {run.no_server}")
            if report.on_github() and required:
                click.echo(report.annotation("", 0, run.name, run.no_server))
        if run.problem:
            mark = "failed" if required else "not available"
            click.echo(f"{run.name}: {mark}: {run.problem}")
            if report.on_github() and required:
                click.echo(report.annotation("", 0, run.name, run.problem))


def _as_json(run: TargetRun) -> Iterator[str]:
    ledger = run.ledger()
    if ledger is None:
        yield json.dumps({"target": run.name, "problem": run.problem, "results": []})
    else:
        yield from ledgers.lines_of(ledger)


def _as_json_list(runs: Iterable[TargetRun]) -> Iterator[str]:
    before = "["
    for run in runs:
        yield before
        yield from _as_json(run)
        before = ","
    yield "]\n"


def _write(path: str, parts: Iterable[str]) -> Iterator[str]:
    """Yields what could not be written."""
    try:
        files.write(Path(path), parts)
    except OSError as error:
        yield f"cannot write {path}: {error.strerror}"


# -- doctor ---------------------------------------------------------------------------------------


@main.command()
@click.argument("path", default=".")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--all", "show_all", is_flag=True, help="List every place, not only the first few.")
def doctor(path: str, as_json: bool, show_all: bool) -> None:
    """Read the docs at PATH (MyST, or Markdown of MkDocs), and show what a run would do. Nothing of
    them is executed, not even conf.py."""
    from crossnotes import doctor

    try:
        config = configuration.find(Path(path) if Path(path).is_dir() else Path(path).parent)
        if config.is_default and Path(path).resolve().is_relative_to(Path.cwd()):
            # `crossnotes doctor docs` is asked at the root of a project.
            config = dataclasses.replace(config, root=Path.cwd())
        report = doctor.examine(doctor.look(Path(path), config.source), config)
    except (configuration.ConfigError, doctor.DoctorError) as error:
        raise Wrong(str(error)) from error
    if as_json:
        click.echo(json.dumps(doctor.as_json(report), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(doctor.told(report, sys.maxsize if show_all else doctor.MOST)))


# -- reference ------------------------------------------------------------------------------------


@main.command()
@click.argument(
    "part",
    type=click.Choice(["configuration", "commands", "blocks", "front-matter", "ledger"]),
    required=False,
)
def reference(part: str | None) -> None:
    """Print the reference as Markdown: configuration, commands, blocks, front matter, ledgers."""
    from crossnotes.reference import PARTS

    for name in [part] if part else PARTS:
        click.echo("\n".join(PARTS[name]()))


# -- targets --------------------------------------------------------------------------------------


# -- a new site -----------------------------------------------------------------------------------


@main.command("init")
@click.argument("folder", type=click.Path(file_okay=False), default=".")
@click.option("--existing", is_flag=True, help="Show what a Sphinx project has to add, as a diff.")
@click.option("--name", help="The name of the site.")
@click.option(
    "--languages", help="Codes of languages, first that of the pages: en,ja. Default: en."
)
@click.option("--theme", help="A theme of Sphinx. Default: furo.")
@click.option("--django", help="The folder of a Django project. It is created if there is none.")
@click.option("--targets", help="The databases: sqlite,postgresql. Default: sqlite.")
@click.option(
    "--ci", type=click.Choice(["github", "none"]), help="Add a workflow that runs the pages."
)
def init(
    folder: str,
    existing: bool,
    name: str | None,
    languages: str | None,
    theme: str | None,
    django: str | None,
    targets: str | None,
    ci: str | None,
) -> None:
    """Create a site in FOLDER. On a terminal, it asks for what the options leave out. With
    --existing, nothing is written: it prints a diff for `patch -p1`."""
    from crossnotes import init as starter

    def asked(value: str | None, question: str, default: str) -> str:
        if value is None and not existing and sys.stdin.isatty():
            return str(click.prompt(question, default=default, show_default=True)).strip()
        return default if value is None else value.strip()

    root = Path(folder)
    choice = starter.Choice(
        asked(name, "Name of the site", root.resolve().name or "Notes"),
        list(dict.fromkeys(_words(asked(languages, "Languages, first that of the pages", "en"))))
        or ["en"],
        asked(theme, "Theme", "furo"),
        asked(django, "Folder of a Django project (empty for none)", ""),
        list(dict.fromkeys(_words(asked(targets, "Databases", "sqlite")))) or ["sqlite"],
        asked(ci, "CI (github or none)", "none").replace("none", ""),
    )
    try:
        if existing:
            from crossnotes.site.project import SiteError, find

            try:
                found = find(root)
            except SiteError as error:
                raise Wrong(str(error)) from error
            said = starter.difference(root, found.conf / "conf.py", found.source, choice)
            click.echo(said or "nothing to add", nl=not said)
            if not any(found.source.rglob("*.md")):
                click.echo(
                    f"{found.source}: no Markdown pages (*.md), and blocks are run in no others",
                    err=True,
                )
            return
        for path in starter.make(root, choice):
            click.echo(root / path)
    except starter.InitError as error:
        raise Wrong(str(error)) from error
    place = "" if folder == "." else f"cd {folder}; "
    needs = "; ".join([*starter.missing(choice), "make html snippet-test"])
    click.echo(f"next: {place}{needs}")


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


@main.command("targets")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False),
    help="A file of environment variables that name external servers.",
)
def show_targets(as_json: bool, env_file: str | None) -> None:
    """Show what a run would use for each database, and its version; or why it is not available,
    and what to do."""
    environment = _environment(env_file)
    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(lambda target: _row(target, environment), every_target().values()))
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    shown = [
        (r["target"], r["source"] or "-", r["version"] or "-", r["problem"] or r["where"])
        for r in rows
    ]
    click.echo("\n".join(report.table(shown, ("target", "source", "version", "where, or why not"))))


def _row(target: Target, environment: Mapping[str, str]) -> dict[str, str]:
    """A target, where it comes from, and what the server says when it is started."""
    offer = target.look(environment)
    row = {
        "target": target.name,
        "label": target.label,
        "source": offer.source,
        "where": offer.where,
        "version": "",
        "problem": offer.problem,
    }
    if offer.start is None:
        return row
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            server = offer.start(Path(folder))
        except TargetError as error:
            return row | {"problem": str(error)}
        except ModuleNotFoundError as error:
            return row | {"problem": needed(error)}
        row["version"] = server.identity.version
        server.close()
    return row


# -- the site -------------------------------------------------------------------------------------


@main.command()
@click.option("--offline", is_flag=True, help="Also write a zip of the site, for reading offline.")
@click.option(
    "--publish",
    is_flag=True,
    help="Refuse addresses of examples, and a missing one that a page needs.",
)
def html(offline: bool, publish: bool) -> None:
    """Build the site in every language."""
    from crossnotes.site import build

    options = ["-D", "crossnotes_publish=1"] if publish else []
    sys.exit(build.build(offline=offline, options=options))


@main.command()
@click.option(
    "--port",
    default=8000,
    metavar="N",
    type=click.IntRange(1, 65535),
    help="The port. Default: 8000.",
)
def serve(port: int) -> None:
    """Build the site, serve it on this machine, and rebuild it on every change until Ctrl-C."""
    from crossnotes.site import serve

    sys.exit(serve.serve(port))


@main.command()
def linkcheck() -> None:
    """Check every external link of the pages; this needs a network."""
    from crossnotes.site import build

    sys.exit(build.check_links())


results_cli.register(main)


@main.command()
def intl() -> None:
    """Update the catalogues of the translation from the pages."""
    from crossnotes.translations.update import update

    sys.exit(update())


@main.command("intl-status")
def intl_status() -> None:
    """Show what is translated, page by page. The exit code is 1 if anything is missing or fuzzy."""
    from crossnotes.translations.status import status

    sys.exit(status())


@main.command("intl-check")
def intl_check() -> None:
    """Check each message of the translation, and the code of each page that was built."""
    from crossnotes.translations import blocks, check

    sys.exit(max(check.check(), blocks.check()))


# -- what the commands share ----------------------------------------------------------------------


def _book() -> Book:
    try:
        book = Book(configuration.find(Path.cwd()))
        book.check()
    except (configuration.ConfigError, BookError) as error:
        raise Wrong(str(error)) from error
    return book


def _sources(paths: Sequence[str], book: Book) -> list[Source]:
    """The pages that a person names, or all of the project."""
    try:
        return book.sources(paths or [os.path.relpath(path) for path in book.config.paths])
    except BookError as error:
        if paths:
            raise Wrong(str(error)) from error
        raise Wrong(f"{error} ({_where_from(book)}); name the pages, or set `source`") from error


def _shard(sources: Sequence[Source], shard: str) -> Sequence[Source]:
    """The pages of one of some parts, `2/5`: every fifth from the second on, which is the same on
    every machine that has the same pages."""
    if not shard:
        return sources
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", shard)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise Wrong(f"--shard {shard}: write the part and the number of parts, such as 2/5")
    return sorted(sources, key=lambda source: source.shown_as)[number - 1 :: of]


def _where_from(book: Book) -> str:
    """What the pages are taken from where a person names none."""
    file = book.config.root / configuration.FILE
    if book.config.is_default:
        return (
            f"no {configuration.FILE} with [tool.crossnotes] in {Path.cwd()} or above it, so the "
            f"pages are expected in {configuration.SOURCE}/"
        )
    return f"`source` and `pages` in [tool.crossnotes] of {file}"


def _database(name: str, targets: Sequence[str], keep_db: bool) -> str:
    """The name of the database that is given to the run."""
    if name and len(set(targets)) != 1:
        raise Wrong(f"--database {name} needs exactly one --target")
    if name and keep_db:
        raise Wrong(f"--database {name} is left empty, and --keep-db would not leave it so")
    if any(letter in name for letter in "`\"'\\\0"):
        raise Wrong("--database: a name without quotes, please")
    return name


def _targets(names: Sequence[str], book: Book) -> list[Any]:
    try:
        asked = [
            requests.parse(name)
            for name in dict.fromkeys(names or book.config.targets or ("sqlite",))
        ]
    except requests.RequestError as error:
        raise Wrong(str(error)) from error
    for request in asked:
        if book.config.targets and request.target.name not in book.targets:
            raise Wrong(
                f"--target {request.name}: `targets` in [tool.crossnotes] of "
                f"{book.config.root / configuration.FILE} names {', '.join(book.config.targets)}; "
                "add it there"
            )
    return asked


def _project(folder: str | None, book: Book, sources: Sequence[Source]) -> projects.Project | None:
    """The Django project that a person names, else that of the settings, which is for the pages of
    its repository."""
    root = book.config.root
    if folder is None and not all(source.path.is_relative_to(root) for source in sources):
        return None
    try:
        return projects.of(book.config, Path(folder) if folder is not None else None)
    except (projects.ProjectError, OSError) as error:
        raise Wrong(str(error)) from error


def _environment(env_file: str | None) -> Mapping[str, str]:
    """Where external servers are named: the environment, and a file that was named on purpose."""
    if env_file is None:
        return dict(os.environ)
    if not Path(env_file).is_file():
        raise Wrong(f"--env-file {env_file}: no such file")
    from dotenv.parser import parse_stream

    try:
        text = files.read(Path(env_file)).decode("utf-8-sig")
    except OSError as error:
        raise Wrong(f"--env-file {env_file}: cannot read it: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Wrong(f"--env-file {env_file}: not UTF-8") from error
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            original = binding.original.string
            line = binding.original.line + len(original) - len(original.lstrip("\n"))
            # The line is not repeated: it may hold a password.
            raise Wrong(f"{env_file}:{line}: not a line of a .env; write KEY='value'")
        if binding.key is not None:
            values[binding.key] = binding.value or ""
    return {**os.environ, **values}
