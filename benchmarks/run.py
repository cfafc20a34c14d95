"""Measures runs of pages beside their peers: CPU time (user and system, children included).

`make bench` takes all measurements; `--only plain,sizes,reuse,orm` and `--runs N` take fewer. Each
is taken in turn with its peer (A B A B …) after a warm-up, so that both meet the same machine.
What is written into build/bench/NAME.json is printed as a table. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pages

from crossnotes.targets import every_target

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench"
SHARED = ROOT.parent / "shared" / "bench" / "snippet_pages.py"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROJECT = ROOT / "tests" / "pages" / "project"

#: Snippets of a page, in every corpus.
SNIPPETS = 10
SIZES = (50, 500, 2000)
ORM_PAGES = 2500

SETTINGS = """\
[tool.crossnotes]
show-only = ["sql"]
pages = ["docs"]

# Without it, pytest would take the settings of the repository that the corpus lies in.
[tool.pytest.ini_options]
testpaths = ["docs"]
"""


@dataclass(frozen=True)
class Command:
    """What is measured. `before` prepares each run, outside of the measurement."""

    name: str
    arguments: Sequence[str | Path]
    folder: Path
    snippets: int
    before: Callable[[], object] = lambda: None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Measured:
    """The runs of one command: CPU seconds, and the MB of its largest process."""

    name: str
    snippets: int
    cpu: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.cpu)


def once(command: Command) -> tuple[float, float]:
    """CPU seconds and peak MB of one run. Exits if the command fails: it would measure nothing."""
    command.before()
    log = OUT / "last.log"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("TIDB_", "CROSSNOTES_"))},
        "XDG_CACHE_HOME": str(OUT / "cache"),
        **command.environment,
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(argument) for argument in command.arguments],
            cwd=command.folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command.name} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def in_turn(commands: Sequence[Command], runs: int) -> list[Measured]:
    """Measure commands in turn, after one run of each that does not count."""
    measured = [Measured(command.name, command.snippets) for command in commands]
    for number in range(runs + 1):
        for command, found in zip(commands, measured, strict=True):
            cpu, peak = once(command)
            if number:
                found.cpu.append(round(cpu, 4))
                found.peak_mb.append(round(peak, 1))
    return measured


# -- what is measured -----------------------------------------------------------------------------


def plain_corpus(number: int) -> Path:
    """A folder with pages of plain Python in docs/."""
    folder = OUT / f"plain-{number}"
    if SHARED.exists():
        subprocess.run([sys.executable, SHARED, str(number), str(SNIPPETS), folder], check=True)
    else:
        pages.write_plain(folder, number, SNIPPETS)
    (folder / "plain" / "pyproject.toml").write_text(SETTINGS)
    return folder / "plain"


def ours(name: str, folder: Path, count: int, *more: str, reuse: bool = False) -> Command:
    report = ["--json", OUT / "report.json", "--junit", OUT / "report.xml"]
    arguments = [sys.executable, "-m", "crossnotes", "test", "docs", *report, *more]
    return Command(name, arguments if reuse else [*arguments, "--no-reuse"], folder, count)


def peers() -> Path:
    """The Python of the peers' virtual environment, which is made when it is not there."""
    python = OUT / "venv" / "bin" / "python"
    stamp = OUT / "venv" / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        venv.create(OUT / "venv", with_pip=True, clear=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        shutil.copy(REQUIREMENTS, stamp)
    return python


def plain(runs: int) -> list[list[Measured]]:
    """500 pages beside Sybil under pytest, the limit, and our own pytest plugin."""
    folder, count = plain_corpus(500), 500 * SNIPPETS
    codes = OUT / "codes.jsonl"
    with codes.open("w") as output:
        listing = [sys.executable, "-m", "crossnotes", "list", "docs"]
        subprocess.run(listing, cwd=folder, stdout=output, check=True)
    us = ours("crossnotes test", folder, count)
    pytest = ["-m", "pytest", "-q", "docs"]
    limit = [sys.executable, Path(__file__).with_name("limit.py"), codes]
    others = [
        Command("Sybil under pytest", [peers(), *pytest], folder, count),
        Command("compile and exec in one process", limit, folder, count),
        # The conftest.py is for Sybil.
        Command("our pytest plugin", [sys.executable, *pytest, "--noconftest"], folder, count),
    ]
    return [in_turn([us, other], runs) for other in others]


def sizes(runs: int) -> list[list[Measured]]:
    """The same pages, fewer and more of them: is the time a snippet always the same?"""
    commands = [ours(f"{n} pages", plain_corpus(n), n * SNIPPETS) for n in SIZES]
    return [in_turn(commands, runs)]


def reuse(runs: int) -> list[list[Measured]]:
    """500 pages again: nothing changed, and one page changed."""
    folder, count = plain_corpus(500), 500 * SNIPPETS
    changed = folder / "docs" / "page0250.md"

    def change() -> None:
        changed.write_text(changed.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")

    nothing = ours("no change", folder, count, reuse=True)
    edited = ours("one page edited", folder, count, reuse=True)
    edited = Command(edited.name, edited.arguments, folder, count, change)
    # The warm-up fills the cache; each edit is followed by the run that takes it in.
    return [in_turn([nothing, edited], runs)]


def orm(runs: int) -> list[list[Measured]]:
    """Programs on databases, each an INSERT and a SELECT a snippet, beside the ORM alone."""
    folder = OUT / "orm"
    pages.write_orm(folder, ORM_PAGES, SNIPPETS)
    (folder / "pyproject.toml").write_text(SETTINGS)
    for project in ("project", "alone"):
        shutil.rmtree(folder / project, ignore_errors=True)
        shutil.copytree(PROJECT, folder / project)
    here = in_turn(_orm_on("sqlite", folder), runs)
    return [here, *(_on_server(name, folder, runs) for name in ("postgresql", "mariadb"))]


def _orm_on(name: str, folder: Path, *database: Path) -> list[Command]:
    count = ORM_PAGES * SNIPPETS
    us = ours(f"crossnotes test, {name}", folder, count, "--django", "project", "--target", name)
    script = Path(__file__).with_name("orm.py")
    alone = [sys.executable, script, str(ORM_PAGES), str(SNIPPETS), *database]
    return [us, Command("the ORM alone", alone, folder / "alone", count)]


def _on_server(name: str, folder: Path, runs: int) -> list[Measured]:
    """On one server for all runs, whose own CPU time nobody counts."""
    target = every_target()[name]
    offer = target.look(os.environ)
    if offer.start is None or target.share is None:
        print(f"orm on {name}: not measured; {offer.problem}")
        return []
    with tempfile.TemporaryDirectory() as place:
        folder_of_server = Path(place) / "server"
        folder_of_server.mkdir()
        Path(place).chmod(0o755)
        server = offer.start(folder_of_server)
        try:
            database = server.create_database("crossnotes_bench")
            described = Path(place) / "database.json"
            described.touch(0o600)
            described.write_text(json.dumps(dict(database.django)))
            commands = _orm_on(name, folder, described)
            found = target.share(server)
            us = dataclasses.replace(commands[0], environment=found)
            return in_turn([us, commands[1]], runs)
        finally:
            server.close()


MEASUREMENTS: Mapping[str, Callable[[int], list[list[Measured]]]] = {
    "plain": plain,
    "sizes": sizes,
    "reuse": reuse,
    "orm": orm,
}


# -- what is told ---------------------------------------------------------------------------------


def tell(name: str, groups: Sequence[Sequence[Measured]], of: str = "snippets") -> None:
    """Print a group a table, the ratios to its first row, and write it all down. `of` is what was
    counted: snippets, or pages."""
    document = []
    per_page = SNIPPETS if of == "snippets" else 1
    for group in filter(None, groups):
        first = group[0]
        print(f"\n{name:34}{'CPU s':>9}{of + '/s':>12}{'ms/page':>9}{'ratio':>8}{'MB':>7}")
        for measured in group:
            pairs = [a / b for a, b in zip(measured.cpu, first.cpu, strict=True)]
            row = {
                "median_cpu": round(measured.median, 4),
                f"{of}_per_cpu_second": round(measured.snippets / measured.median),
                "ms_per_page": round(measured.median * 1000 * per_page / measured.snippets, 3),
                "ratio_to_first": round(statistics.median(pairs), 3),
                "median_peak_mb": statistics.median(measured.peak_mb),
            }
            document.append({**asdict(measured), **row})
            print(
                f"{measured.name:34}{row['median_cpu']:9.3f}{row[f'{of}_per_cpu_second']:12,}"
                f"{row['ms_per_page']:9.2f}{row['ratio_to_first']:8.2f}{row['median_peak_mb']:7.1f}"
            )
    text = json.dumps(
        {"python": platform.python_version(), "cpus": os.cpu_count(), "rows": document}, indent=1
    )
    (OUT / f"{name}.json").write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="names, with commas")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        tell(name, MEASUREMENTS[name](options.runs))


if __name__ == "__main__":
    main()
