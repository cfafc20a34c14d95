"""The commands for the Results of the repository: `results`, `results-from`, `answers`."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from crossnotes import config as configuration
from crossnotes import dialects, ranges
from crossnotes import ledger as ledgers
from crossnotes import results as kept
from crossnotes.ledger import Ledger, LedgerError
from crossnotes.page import Page
from crossnotes.results import Column, Results
from crossnotes.targets import Kind, Where, every_target, releases, requests
from crossnotes.text import paths, report

#: Where a run puts what it found.
RUN = Path("build/ledger")


class Wrong(click.ClickException):
    """Wrong usage: the person is told what to do, and the exit code is 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        super().show(file)
        annotate([self.message])


def annotate(messages: Iterable[str]) -> None:
    """Show messages at their lines, where GitHub Actions reads what we print."""
    if report.on_github():
        for message in messages:
            click.echo(report.annotation_of(message))


@click.command()
@click.option(
    "--target",
    "names",
    multiple=True,
    metavar="NAME",
    help="A database, such as `mysql` or `mysql@9.7`. May be repeated.",
)
@click.option(
    "--check",
    "folder",
    type=click.Path(file_okay=False, exists=True),
    help="Run nothing. List the results that the ledgers of this folder (of a CI run) do not "
    "confirm.",
)
def results(names: Sequence[str], folder: str | None) -> None:
    """Run all pages on every available database, and save the results in ledger/."""
    if folder is not None:
        sys.exit(_check(Path(folder)))
    for name in names:
        try:
            requests.parse(name)
        except requests.RequestError as error:
            raise Wrong(str(error)) from error
    found = _results()
    targets = [f"--target={name}" for name in names] or ["--every-target"]
    started = time.time()
    command = [sys.executable, "-m", "crossnotes", "test", *targets]
    done = subprocess.run([*command, "--ledger", str(RUN)], check=False)
    if done.returncode == 2:
        sys.exit(2)
    # Those of earlier runs lie there, too, and may be of servers that are gone.
    files = [path for path in ledgers.files_of(RUN) if path.stat().st_mtime >= started - 1]
    if not files:
        raise Wrong("the run left no results; see above")
    _take(files, found)
    sys.exit(done.returncode)


@click.command("results-from")
@click.argument("folder", type=click.Path(file_okay=False, exists=True))
@click.option(
    "--into",
    type=click.Path(file_okay=False),
    help="The folder of the ledgers. Default: `ledger` in [tool.crossnotes].",
)
@click.option(
    "--where",
    type=click.Choice(["started", "container", "external", "cloud"]),
    default=None,
    help="How the run reached the servers, for older ledgers that do not say so.",
)
def results_from(folder: str, into: str | None, where: Kind | None) -> None:
    """Save the results of the ledgers of FOLDER, such as those of a CI run, in ledger/."""
    files = [path for path in sorted(Path(folder).rglob("*.json")) if path.is_file()]
    files = [path for path in files if not path.name.startswith(".")]
    if not files:
        raise Wrong(f"{folder} holds no ledgers (*.json)")
    _take(files, _results(Path(into) if into else None), where)


def _take(files: Sequence[Path], found: Results, where: Kind | None = None) -> None:
    """Take over all of the files, or none where one of them, or of ours, cannot be read."""
    runs = [_had(_read(path), where) for path in files]
    ours = {path.stem: path for path in ledgers.files_of(found.folder)}
    for run in runs:
        if run.name in ours:
            _read(ours[run.name])
    here, hidden = paths.places(found.config.root), paths.secrets(os.environ)
    mask = partial(paths.masked, here=here, hidden=hidden)
    for run in runs:
        taken = kept.take(run, found, mask)
        counts = f"{taken.new} new, {taken.same} the same, {taken.gone} gone"
        told = f"{len(taken.other)} changed, {counts}"
        click.echo(f"{taken.name}: {told if taken.written else 'nothing has changed'}")
        for line in taken.other:
            click.echo(f"  {line}")


def _read(path: Path) -> Ledger:
    try:
        ledger = ledgers.read(path)
    except LedgerError as error:
        raise Wrong(str(error)) from error
    if ledger.target not in every_target():
        known = ", ".join(every_target())
        raise Wrong(f"{path}:1: unknown target {ledger.target!r}; known are: {known}")
    return ledger


def _had(run: Ledger, kind: Kind | None) -> Ledger:
    """A run's ledger; one that does not say how its server was had says `kind`."""
    server, target = run.server, every_target()[run.target]
    if target.built_in is not None:
        kind = "built in"
    if not server.version:
        kind = "compiled"
    if server.where.kind or kind is None:
        return run
    contract = run.target.removeprefix("tidb-") if server.tidb_version and kind != "cloud" else ""
    where = Where(kind, server.store, contract)
    return dataclasses.replace(run, server=dataclasses.replace(server, where=where))


def _check(folder: Path) -> int:
    found = _results()
    for problem in found.problems:
        click.echo(problem)
    runs = [_read(path) for path in sorted(folder.rglob("*.json"))]
    if not runs:
        raise Wrong(f"{folder} holds no ledgers (*.json)")
    lines = list(kept.unconfirmed(found, runs))
    annotate([*found.problems, *lines])
    click.echo("\n".join(lines) if lines else "every result is confirmed")
    return 1 if lines or found.problems else 0


# -- what is known --------------------------------------------------------------------------------


@click.command()
@click.argument("subjects", nargs=-1)
@click.option(
    "--target",
    "items",
    multiple=True,
    metavar="NAME",
    help="A database or a range of versions, such as `mysql>=8`. May be repeated.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, in the form of results.json."
)
def answers(subjects: Sequence[str], items: Sequence[str], as_json: bool) -> None:
    """Print the results of each database for the blocks of SUBJECTS: `row-locks` for a page,
    `row-locks/NAME` for one block. Default: all pages."""
    items = [part for item in items for part in item.split(",")]
    if problem := ranges.problem(items, frozenset(every_target()), releases()):
        raise Wrong(problem)
    found = _results()
    for told in found.problems:
        click.echo(told, err=True)
    known: dict[str, Page] = {}
    for page in found.pages():
        if page.snippets:
            known.setdefault(kept.subject_of(page.path), page)
            known[page.path] = page
    names = sorted(name for name in known if not name.endswith(".md"))
    if not names:
        looked = ", ".join(map(os.path.relpath, found.config.paths))
        raise Wrong(
            f"no page with blocks in {looked}; `source` in [tool.crossnotes] of "
            f"{configuration.FILE} names the folder of the pages"
        )
    wanted = [_subject(text) for text in subjects] or [(name, "") for name in names]
    for subject, name in wanted:
        if subject not in known:
            raise Wrong(f"no page {subject!r} has blocks; known are: {', '.join(names)}")
        page = known[subject]
        columns = {column.key for column in found.columns(page) if _is_asked(column, items)}
        asked = list(kept.questions(page, found.marks(page), columns))
        chosen = [each for each in asked if not name or each["id"].partition("/")[2] == name]
        if not chosen:
            blocks = ", ".join(each["id"].partition("/")[2] for each in asked)
            raise Wrong(f"{subject} has no block {name!r}; known are: {blocks}")
        for question in chosen:
            if as_json:
                click.echo(json.dumps(question, ensure_ascii=False))
            elif question["answers"]:
                _show(question)


def _subject(text: str) -> tuple[str, str]:
    if text.endswith(".md"):
        return text, ""
    subject, _, name = text.partition("/")
    return subject, name


def _is_asked(column: Column, items: Sequence[str]) -> bool:
    return not items or ranges.holds(items, column.target.name, column.version)


def _show(question: dict[str, Any]) -> None:
    click.echo(f"{question['source']}: {question['id']}")
    rows = []
    for key, answer in question["answers"].items():
        said = " ⏎ ".join(answer.get("output", "").strip().splitlines()) or answer.get("reason", "")
        rows.append((key, answer.get("version", ""), answer["status"], report.cut(said)))
    for line in report.table(rows, ("database", "version", "status", "answer")):
        click.echo(f"  {line}")
    click.echo()


def _results(folder: Path | None = None) -> Results:
    root = Path.cwd()
    try:
        config = configuration.find(root)
        myst = dialects.myst_of(dialects.conf_folder(config.root / config.source, config.root))
    except (configuration.ConfigError, dialects.ConfError) as error:
        raise Wrong(str(error)) from error
    django = config.root / config.django if config.django else None
    return Results(config, myst, folder or config.root / config.ledger, django)


COMMANDS = (results, results_from, answers)


def register(group: click.Group) -> None:
    """Add the commands to those of `crossnotes`."""
    for command in COMMANDS:
        group.add_command(command)
    # What it was called while ledgers were not part of the repository.
    group.add_command(results_from, "ledgers-from")
