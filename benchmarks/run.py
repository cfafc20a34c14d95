"""Measures runs of pages beside their peers: CPU time (user and system, children included).

`make bench` takes all measurements; `--only plain,sizes,reuse,orm` and `--runs N` take fewer, and
`--jobs N` is handed on to our runs. Each is taken in turn with its peer (A B A B …) after a
warm-up, so that both meet the same machine. What is written into build/bench/NAME.json is printed
as a table. Nothing is asserted.
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
import time
import venv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pages

from crossnotes.targets import every_target

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROJECT = ROOT / "tests" / "pages" / "project"

#: Snippets of a page, in every corpus.
SNIPPETS = 10
SIZES = (50, 500, 2000)
#: Programs with an INSERT and a SELECT, and blocks that each of them has: one, and ten.
ORM = ((2500, 1), (500, SNIPPETS))

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
    pages: int
    before: Callable[[], object] = lambda: None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Measured:
    """The runs of one command: seconds of CPU and of the clock, and the MB of its largest
    process. `pages` is how many it had."""

    name: str
    pages: int
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.cpu)


@dataclass(frozen=True)
class Used:
    """What one run of a command took: seconds of CPU, children included, and of the clock; MB."""

    cpu: float
    wall: float
    peak_mb: float


def start(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """A command in an environment that names no server of the person who measures."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("TIDB_", "CROSSNOTES_"))},
        "XDG_CACHE_HOME": str(OUT / "cache"),
        **command.environment,
    }
    with log.open("w") as output:
        return subprocess.Popen(
            [str(argument) for argument in command.arguments],
            cwd=command.folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def end(process: subprocess.Popen[bytes], began: float) -> Used:
    """Wait for a process that `start` has started when the clock stood at `began`."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    return Used(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def once(command: Command) -> Used:
    """One run. Exits if the command fails: it would measure nothing."""
    command.before()
    log = OUT / "last.log"
    began = time.perf_counter()
    process = start(command, log)
    used = end(process, began)
    if process.returncode:
        sys.exit(f"{command.name} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return used


def in_turn(commands: Sequence[Command], runs: int) -> list[Measured]:
    """Measure commands in turn, after one run of each that does not count."""
    measured = [Measured(command.name, command.pages) for command in commands]
    for number in range(runs + 1):
        for command, found in zip(commands, measured, strict=True):
            used = once(command)
            if number:
                found.cpu.append(round(used.cpu, 4))
                found.wall.append(round(used.wall, 4))
                found.peak_mb.append(round(used.peak_mb, 1))
    return measured


# -- what is measured -----------------------------------------------------------------------------


def plain_corpus(number: int) -> Path:
    """A folder with pages of plain Python in docs/."""
    folder = OUT / f"plain-{number}"
    pages.write_plain(folder, number, SNIPPETS)
    (folder / "plain" / "pyproject.toml").write_text(SETTINGS)
    return folder / "plain"


#: What our own runs are told besides.
JOBS: list[str] = []


def ours(name: str, folder: Path, count: int, *more: str, reuse: bool = False) -> Command:
    """Our command line on the `count` pages of a folder."""
    report = ["--json", OUT / "report.json", "--junit", OUT / "report.xml"]
    arguments = [sys.executable, "-m", "crossnotes", "test", "docs", *report, *JOBS, *more]
    arguments = arguments if reuse else [*arguments, "--no-reuse"]
    return Command(name, arguments, folder, count)


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
    folder, count = plain_corpus(500), 500
    codes = OUT / "codes.jsonl"
    with codes.open("w") as output:
        listing = [sys.executable, "-m", "crossnotes", "list", "docs"]
        subprocess.run(listing, cwd=folder, stdout=output, check=True)
    us = ours("crossnotes test", folder, count)
    pytest = ["-m", "pytest", "-q", "docs"]
    # The conftest.py is for Sybil.
    plugin = [sys.executable, *pytest, "--noconftest", "-p", "no:timeout"]
    plugin.append("--crossnotes-no-reuse")
    limit = [sys.executable, Path(__file__).with_name("limit.py"), codes]

    def peer(name: str, arguments: Sequence[str | Path]) -> Command:
        return Command(name, arguments, folder, count)

    sybil = peer("Sybil under pytest", [peers(), *pytest])
    mine = peer("our pytest plugin", plugin)
    return [
        in_turn([us, sybil], runs),
        in_turn([mine, sybil], runs),
        in_turn(
            [
                us,
                peer("compile and exec, a fork a page", [*limit, "--fork"]),
                peer("compile and exec in one process", limit),
            ],
            runs,
        ),
    ]


def sizes(runs: int) -> list[list[Measured]]:
    """The same pages, fewer and more of them: is the time a snippet always the same?"""
    commands = [ours(f"{n} pages", plain_corpus(n), n) for n in SIZES]
    return [in_turn(commands, runs)]


def reuse(runs: int) -> list[list[Measured]]:
    """500 pages again: nothing changed, and one page changed."""
    folder = plain_corpus(500)
    changed = folder / "docs" / "page0250.md"

    def change() -> None:
        changed.write_text(changed.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")

    nothing = ours("no change", folder, 500, reuse=True)
    edited = dataclasses.replace(nothing, name="one page edited", before=change)
    # The warm-up fills the cache; each edit is followed by the run that takes it in.
    return [in_turn([nothing, edited], runs)]


def orm(runs: int) -> Iterator[list[Measured]]:
    """Programs on databases, each an INSERT and a SELECT a block, beside the ORM alone."""
    for name in ("sqlite", "postgresql", "mariadb", "mysql"):
        for corpus in ORM:
            yield _orm_on(name, *corpus, runs)


def _orm_corpus(count: int, blocks: int) -> Path:
    """A folder with pages that use the ORM, our project, and the project that is run alone."""
    folder = OUT / f"orm-{count}"
    pages.write_orm(folder, count, blocks)
    (folder / "pyproject.toml").write_text(SETTINGS)
    for project in ("project", "alone"):
        shutil.rmtree(folder / project, ignore_errors=True)
        shutil.copytree(PROJECT, folder / project)
    return folder


def _orm_on(name: str, count: int, blocks: int, runs: int) -> list[Measured]:
    """On one server for all runs, whose own CPU time nobody counts."""
    target = every_target()[name]
    offer = target.look(os.environ)
    if offer.start is None:
        print(f"orm on {name}: not measured; {offer.problem}")
        return []
    folder = _orm_corpus(count, blocks)
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
            where = ["--django", "project", "--target", name]
            us = ours(f"{name}, {blocks} a program", folder, count, *where)
            us = dataclasses.replace(us, environment=target.share(server) if target.share else {})
            script = Path(__file__).with_name("orm.py")
            alone = [sys.executable, script, str(count), str(blocks), described]
            forked = Command("the ORM, a fork a page", [*alone, "--fork"], folder / "alone", count)
            theirs = Command("the ORM alone", alone, folder / "alone", count)
            return in_turn([us, forked, theirs], runs)
        finally:
            server.close()


MEASUREMENTS: Mapping[str, Callable[[int], Iterable[Sequence[Measured]]]] = {
    "plain": plain,
    "sizes": sizes,
    "reuse": reuse,
    "orm": orm,
}


# -- what is told ---------------------------------------------------------------------------------


def tell(name: str, groups: Iterable[Sequence[Measured]]) -> None:
    """Print a group a table as it comes, the ratios to its first row, and write it all down."""
    document = []
    for group in filter(None, groups):
        first = group[0]
        print(
            f"\n{name:34}{'CPU s':>9}{'wall s':>9}{'pages/s':>9}{'ms/page':>9}{'ratio':>8}{'MB':>7}"
        )
        for measured in group:
            pairs = [a / b for a, b in zip(measured.cpu, first.cpu, strict=True)]
            row = {
                "median_cpu": round(measured.median, 4),
                "median_wall": round(statistics.median(measured.wall), 4),
                "pages_per_cpu_second": round(measured.pages / measured.median),
                "ms_per_page": round(measured.median * 1000 / measured.pages, 3),
                "ratio_to_first": round(statistics.median(pairs), 3),
                "median_peak_mb": statistics.median(measured.peak_mb),
            }
            document.append({**asdict(measured), **row})
            print(
                f"{measured.name:34}{row['median_cpu']:9.3f}{row['median_wall']:9.3f}"
                f"{row['pages_per_cpu_second']:9,}{row['ms_per_page']:9.2f}"
                f"{row['ratio_to_first']:8.2f}{row['median_peak_mb']:7.1f}"
            )
    write(name, document)


def write(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Into build/bench/NAME.json, with what they were measured on."""
    about = {"python": platform.python_version(), "cpus": os.cpu_count(), "rows": rows}
    (OUT / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="names, with commas")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, help="programs that our runs have side by side")
    options = parser.parse_args()
    if options.jobs:
        JOBS.extend(["--jobs", str(options.jobs)])
    OUT.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        tell(name, MEASUREMENTS[name](options.runs))


if __name__ == "__main__":
    main()
