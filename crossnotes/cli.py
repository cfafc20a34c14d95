"""The command line: `python -m crossnotes`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
from dotenv import dotenv_values

from crossnotes import config as configuration
from crossnotes import ledger as ledgers
from crossnotes import parse
from crossnotes.config import Config
from crossnotes.parse import Dialect, Page, Problem
from crossnotes.program import tab_problems
from crossnotes.result import Result
from crossnotes.run import project as projects
from crossnotes.run import report
from crossnotes.run.runner import Run, Selection, TargetRun
from crossnotes.targets import TargetError, every_target


class Wrong(click.ClickException):
    """Wrong usage: the person is told what to do, and the exit code is 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Documentation that cannot be wrong: runs the code blocks of MyST pages on databases."""


# -- list -----------------------------------------------------------------------------------------


@main.command("list")
@click.argument("paths", nargs=-1, required=True)
def list_snippets(paths: Sequence[str]) -> None:
    """Print the snippets of PATHS as JSON lines; problems go to standard error."""
    config = _config()
    selection = _selection(paths, config)
    for page in selection.pages:
        for snippet in page.snippets:
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
    problems = _problems(selection.pages, config)
    for problem in problems:
        click.echo(report.problem_line(problem), err=True)
    sys.exit(1 if problems else 0)


# -- test -----------------------------------------------------------------------------------------


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--target", "names", multiple=True, help="A target; may be given more than once.")
@click.option("--every-target", is_flag=True, help="Every target that can be had.")
@click.option("--django", type=click.Path(file_okay=False), help="Folder of a Django project.")
@click.option("--env-file", type=click.Path(dir_okay=False), help="Names external servers.")
@click.option("--ledger", "ledger_folder", type=click.Path(file_okay=False), help="Write ledgers.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False),
    help="Write the ledger (a list for several targets).",
)
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False), help="Write JUnit XML.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
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
) -> None:
    """Run the snippets of PATHS: files, folders, or docs/page.md:12 for the blocks up to a line."""
    config = _config()
    selection = _selection(paths, config)
    run = Run(config, _project(django, config), _environment(env_file), fail_fast)
    run.listener = _Printer(sys.stdout)
    targets = _targets(names)
    if every_target and not names:
        targets = list(_every_target().values())
    problems = _problems(selection.pages, config)
    for problem in problems:
        click.echo(report.problem_line(problem))
    runs = run.on(targets, selection)
    wanted = runs if names or not every_target else [r for r in runs if r.identity is not None]
    pages = {page.path for page in selection.pages}
    if ledger_folder:
        _write_ledgers(runs, Path(ledger_folder), pages, bool(selection.lines))
    if json_file:
        documents = [_as_json(run) for run in runs]
        _write(json_file, documents[0] if len(runs) == 1 else f"[{','.join(documents)}]\n")
    if junit_file:
        _write(junit_file, _junit(runs, problems))
    _summary(runs, required=bool(names) or not every_target)
    nothing_ran = not any(r.identity or r.results for r in runs) and any(
        page.snippets for page in selection.pages
    )
    sys.exit(1 if problems or nothing_ran or any(r.failed for r in wanted) else 0)


def _every_target() -> Mapping[str, Any]:
    return every_target()


class _Printer:
    """Prints failures as their programs end."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __call__(self, run: TargetRun, program: Any, results: list[Result]) -> None:
        assert run.identity is not None
        target = f"{run.target.name} {run.identity.version}"
        lines = []
        for result in results:
            if result.status == "failed":
                code, line = report.snippet_of(program.page, result)
                lines += report.failure_lines(result, code, line, target)
        if lines:
            click.echo("\n".join(lines), file=self.file)


def _summary(runs: Sequence[TargetRun], required: bool) -> None:
    header = ("target", "version", "programs", "passed", "failed", "excused", "seconds")
    rows = []
    for run in runs:
        if run.problem:
            continue
        counts = [str(run.count(status)) for status in ("passed", "failed", "excused")]
        version = run.identity.version if run.identity else "-"
        rows.append([run.target.name, version, str(run.programs), *counts, f"{run.seconds:.1f}"])
    if rows:
        click.echo()
        click.echo("\n".join(report.table(rows, header)))
    for reason, count in _excuses(runs).items():
        click.echo(f"excused {count}: {reason}")
    for run in runs:
        if run.problem:
            mark = "failed" if required else "not had"
            click.echo(f"{run.target.name}: {mark}: {run.problem}")


def _excuses(runs: Iterable[TargetRun]) -> dict[str, int]:
    """How often each reason was given."""
    found: dict[str, int] = {}
    for run in runs:
        for result in run.results:
            if result.status == "excused":
                found[result.reason] = found.get(result.reason, 0) + 1
    return found


def _write_ledgers(runs: Sequence[TargetRun], folder: Path, pages: set[str], partial: bool) -> None:
    for run in runs:
        ledger = run.ledger()
        if ledger is None:
            continue
        path = ledgers.path_of(folder, run.target.name)
        ran = {(r.page, r.index) for r in ledger.results}
        earlier = ledgers.read_if_there(path)
        ledgers.write(ledger.merged_into(earlier, pages, ran if partial else None), path)


def _as_json(run: TargetRun) -> str:
    ledger = run.ledger()
    if ledger is None:
        return json.dumps({"target": run.target.name, "problem": run.problem, "results": []})
    return "".join(ledgers.lines_of(ledger))


def _junit(runs: Sequence[TargetRun], problems: Sequence[Problem]) -> str:
    """JUnit XML with the page's file and line, as CI services read it."""
    root = ElementTree.Element("testsuites")
    for run in runs:
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=run.target.name,
            tests=str(len(run.results)),
            failures=str(run.count("failed")),
            errors="1" if run.problem else "0",
            skipped=str(run.count("excused")),
            time=f"{run.seconds:.3f}",
        )
        if run.problem:
            case = ElementTree.SubElement(suite, "testcase", name=run.target.name)
            ElementTree.SubElement(case, "error", message=run.problem)
        for result in run.results:
            _junit_case(suite, run, result)
    if problems:
        suite = ElementTree.SubElement(root, "testsuite", name="pages", tests=str(len(problems)))
        for problem in problems:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=problem.page,
                name="page",
                file=problem.page,
                line=str(problem.line),
            )
            ElementTree.SubElement(case, "failure", message=_xml(problem.message))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: ElementTree.Element, run: TargetRun, result: Result) -> None:
    line = result.failure.line if result.failure else result.line
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=result.page,
        name=f"{result.index}: {result.language} [{run.target.name}]",
        file=result.page,
        line=str(line),
        time=f"{result.seconds:.4f}",
    )
    if result.status == "failed":
        failure = ElementTree.SubElement(case, "failure", message=_xml(result.reason))
        failure.text = _xml(result.output)
    elif result.status == "excused":
        ElementTree.SubElement(case, "skipped", message=_xml(result.reason))


def _xml(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(char for char in text if char in "\t\n\r" or char >= " ")


def _write(path: str, text: str) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Wrong(f"cannot write {path}: {error.strerror}") from error


# -- targets --------------------------------------------------------------------------------------


@main.command("targets")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--env-file", type=click.Path(dir_okay=False), help="Names external servers.")
def show_targets(as_json: bool, env_file: str | None) -> None:
    """Show for each target what a run would use, its version, or why not and what to do."""
    environment = _environment(env_file)
    rows = []
    for target in every_target().values():
        offer = target.look(environment)
        row = {
            "target": target.name,
            "label": target.label,
            "source": offer.source,
            "where": offer.where,
            "version": "",
            "problem": offer.problem,
        }
        if offer.start is not None:
            try:
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                    Path(folder).chmod(0o755)
                    server = offer.start(Path(folder))
                    row["version"] = server.identity.version
                    server.close()
            except TargetError as error:
                row["problem"] = str(error)
        rows.append(row)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    shown = [
        (r["target"], r["source"] or "-", r["version"] or "-", r["problem"] or r["where"])
        for r in rows
    ]
    click.echo("\n".join(report.table(shown, ("target", "source", "version", "where, or why not"))))


# -- the site -------------------------------------------------------------------------------------


@main.command()
def html() -> None:
    """Build the site in every language."""
    from crossnotes import site

    sys.exit(site.build())


@main.command("ledgers-from")
@click.argument("folder", type=click.Path(file_okay=False, exists=True))
@click.option("--into", default="build/ledger", type=click.Path(file_okay=False))
def ledgers_from(folder: str, into: str) -> None:
    """Bring the ledgers of FOLDER, such as those of a CI run, for the next build of the site."""
    paths = sorted(Path(folder).rglob("*.json"))
    if not paths:
        raise Wrong(f"{folder} holds no ledgers (*.json)")
    for path in paths:
        try:
            ledger = ledgers.read(path)
        except ledgers.LedgerError as error:
            raise Wrong(str(error)) from error
        ledgers.write(ledger, ledgers.path_of(Path(into), ledger.target))
        click.echo(f"{ledger.target}: {len(ledger.results)} results of {ledger.finished:%Y-%m-%d}")


@main.command()
def intl() -> None:
    """Update the catalogues of the translation from the pages."""
    from crossnotes import translations

    sys.exit(translations.update())


@main.command("intl-status")
def intl_status() -> None:
    """Show what is translated, page by page; exit 1 if anything is missing or fuzzy."""
    from crossnotes import translations

    sys.exit(translations.status())


# -- what the commands share ----------------------------------------------------------------------


def _config() -> Config:
    try:
        return configuration.find(Path.cwd())
    except configuration.ConfigError as error:
        raise Wrong(str(error)) from error


def _targets(names: Sequence[str]) -> list[Any]:
    known = every_target()
    for name in names:
        if name not in known:
            raise Wrong(f"unknown target {name!r}; known are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or ("sqlite",))]


def _project(folder: str | None, config: Config) -> projects.Project | None:
    if folder is None:
        return None
    try:
        return projects.find(Path(folder), config.settings)
    except (projects.ProjectError, OSError, SyntaxError) as error:
        raise Wrong(str(error)) from error


def _environment(env_file: str | None) -> Mapping[str, str]:
    """Where external servers are named: the environment, and a file that was named on purpose."""
    if env_file is None:
        return dict(os.environ)
    if not Path(env_file).is_file():
        raise Wrong(f"--env-file {env_file}: no such file")
    values = dotenv_values(env_file, interpolate=False)
    return {**os.environ, **{key: value for key, value in values.items() if value is not None}}


def _selection(paths: Sequence[str], config: Config) -> Selection:
    """The pages that PATHS name. Raises Wrong for a path that is not there, and for a line on
    which no block stands."""
    dialect = Dialect(config.show_only, frozenset(every_target()))
    lines: dict[str, int] = {}
    pages: dict[Path, Page] = {}
    for text in paths:
        path, line = _path_and_line(text)
        files = sorted(path.rglob("*.md")) if path.is_dir() else [path]
        if not path.exists():
            raise Wrong(f"{text}: no such file or folder")
        for file in files:
            page = parse.read(file, _shown_as(file, config.root), dialect)
            pages[file.resolve()] = page
            if line is not None:
                lines[page.path] = _block_line(page, line)
    if not pages:
        raise Wrong(f"no pages (*.md) below {' '.join(paths)}")
    return Selection(list(pages.values()), lines)


def _path_and_line(text: str) -> tuple[Path, int | None]:
    name, colon, line = text.rpartition(":")
    if colon and line.isdecimal() and not Path(text).exists():
        return Path(name), int(line)
    return Path(text), None


def _block_line(page: Page, line: int) -> int:
    """The first line of the block that `line` is in (or of its fence)."""
    for snippet in page.snippets:
        last = snippet.line + snippet.code.count("\n") + 1
        if snippet.listing is not None:
            last = snippet.line
        if snippet.line - 1 <= line <= last:
            return snippet.line
    known = ", ".join(str(snippet.line) for snippet in page.snippets)
    raise Wrong(f"{page.path}:{line}: no block stands there; blocks begin on lines {known}")


def _shown_as(file: Path, root: Path) -> str:
    """A page's path from the repository's root, or as it is outside of it."""
    resolved = file.resolve()
    return str(resolved.relative_to(root) if resolved.is_relative_to(root) else file)


def _problems(pages: Iterable[Page], config: Config) -> list[Problem]:
    run = Run(config, None, {})
    return [
        problem for page in pages for problem in [*page.problems, *tab_problems(page, run.labels)]
    ]
