"""Measures runs of all pages of docs/ on each database, beside the seconds of their blocks.

`make bench` runs it after run.py; `--only sqlite,mariadb,mysql,postgresql,tidb`, `--runs N` and
`--jobs N` as there. `tidb` is its three deployments in one run, on the server that TIDB_SERVER
names or on the stand-in of the tests, on which some blocks fail. What is written into
build/bench/docs.json is printed as a table. Nothing is asserted.

What a page costs beside its own blocks is the difference to a run of one page that has one
statement: Django, the start of the server and the first database are no page's. The CPU time of
servers, and of what makes their data, is apart. A run's CPU time is compared with its blocks'
seconds of the clock, which a busy machine makes long: measure on one that is idle.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run import OUT, ROOT, Command, Used, end, start, write

from crossnotes.targets import keeper, mysql

HERE = Path(__file__).parent
TARGETS = {
    "sqlite": ["sqlite"],
    "mariadb": ["mariadb"],
    "mysql": ["mysql"],
    "postgresql": ["postgresql"],
    "tidb": ["tidb-self-hosted", "tidb-dedicated", "tidb-serverless"],
}

ONE_STATEMENT = """\
# One statement

```python
from django.db import connection

with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
```
"""


class Servers(threading.Thread):
    """Looks at what the keepers of a run have started, until it is told to stop. Its `seconds` are
    their CPU time: of each server what it was when it was last seen."""

    def __init__(self, run: int) -> None:
        super().__init__(daemon=True)
        self.run_of = run
        self.over = threading.Event()
        self.seen: dict[int, float] = {}

    def run(self) -> None:
        while not self.over.wait(0.2):
            for pid in _below(self.run_of):
                if _is_keeper(pid):
                    for server in _children(pid):
                        now = _cpu(server) + sum(map(_cpu, _below(server)))
                        self.seen[server] = max(now, self.seen.get(server, 0))

    @property
    def seconds(self) -> float:
        return sum(self.seen.values())


def _children(pid: int) -> list[int]:
    """The processes that a process has started, by any of its threads."""
    found: list[int] = []
    # It may end while it is looked at.
    with contextlib.suppress(OSError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, file.read_text().split())
    return found


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _cpu(pid: int) -> float:
    """CPU seconds of a process, and of those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _is_keeper(pid: int) -> bool:
    try:
        return keeper.__file__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


@dataclass(frozen=True)
class Run:
    """One run of pages on the targets of a row."""

    used: Used
    servers: float
    results: Sequence[dict[str, Any]]
    problem: str

    @property
    def blocks(self) -> float:
        """Seconds of all blocks."""
        return float(sum(result["seconds"] for result in self.results))

    @property
    def programs(self) -> dict[str, float]:
        """The seconds of each program's blocks."""
        found: dict[str, float] = defaultdict(float)
        for result in self.results:
            name = f"{result['target']} {result['page']} {result['program_sha256'][:8]}"
            found[name] += result["seconds"]
        return found

    @property
    def pages(self) -> int:
        return len({(result["target"], result["page"]) for result in self.results})

    @property
    def beside_blocks(self) -> float:
        """CPU seconds of the run that are not its blocks', and not a server's."""
        return self.used.cpu - self.servers - self.blocks


def once(name: str, path: str, more: Sequence[str]) -> Run:
    """A run of the pages at `path` on the targets of a row."""
    report, log = OUT / "docs-report.json", OUT / "last.log"
    report.unlink(missing_ok=True)
    environment = {"MYSQLD": os.environ.get("MYSQLD") or str(mysql.downloaded())}
    program: list[str | Path] = ["-m", "crossnotes"]
    if name == "tidb":
        standin = ROOT / "tests" / "standin" / "tidb-server"
        environment["TIDB_SERVER"] = os.environ.get("TIDB_SERVER") or str(standin)
        if "TIDB_SERVER" not in os.environ:
            program = [HERE / "standin.py"]
    targets = [word for target in TARGETS[name] for word in ("--target", target)]
    arguments = ["test", path, "--django", "snippets", "--no-reuse", "--json", report, *targets]
    command = Command(
        name, [sys.executable, *program, *arguments, *more], ROOT, 0, environment=environment
    )
    began = time.perf_counter()
    process = start(command, log)
    servers = Servers(process.pid)
    servers.start()
    used = end(process, began)
    servers.over.set()
    servers.join()
    if not report.exists():
        sys.exit(f"{name} failed:\n{log.read_text(errors='replace')[-2000:]}")
    found = json.loads(report.read_text(encoding="utf-8"))
    ledgers = found if isinstance(found, list) else [found]
    results = [{"target": ledger["target"], **r} for ledger in ledgers for r in ledger["results"]]
    problem = "; ".join(ledger["problem"] for ledger in ledgers if "problem" in ledger)
    return Run(used, servers.seconds, results, problem)


def row(name: str, runs: Sequence[Run], alone: Sequence[Run]) -> dict[str, Any]:
    """What the runs of all pages and those of one statement, in turn, say: medians."""

    def middle(values: Iterator[float]) -> float:
        return round(statistics.median(values), 3)

    run = runs[-1]
    longest = max(run.programs, key=lambda program: run.programs[program])
    slow = sorted(run.results, key=lambda result: -result["seconds"])[:12]
    return {
        "targets": TARGETS[name],
        "pages": run.pages,
        "failed": sum(result["status"] == "failed" for result in run.results),
        "wall": middle(r.used.wall for r in runs),
        "longest_program": longest,
        "longest": middle(r.programs[longest] for r in runs),
        "wall_beside_longest": middle(r.used.wall - r.programs[longest] for r in runs),
        "cpu": middle(r.used.cpu for r in runs),
        "cpu_of_servers": middle(r.servers for r in runs),
        "blocks": middle(r.blocks for r in runs),
        "cpu_to_blocks": middle((r.used.cpu - r.servers) / r.blocks for r in runs),
        "alone_wall": middle(r.used.wall for r in alone),
        "alone_cpu": middle(r.used.cpu - r.servers for r in alone),
        "page_beside_blocks": middle(
            (r.beside_blocks - one.beside_blocks) / max(r.pages - one.pages, 1)
            for r, one in zip(runs, alone, strict=True)
        ),
        "slowest_blocks": [f"{r['page']}:{r['line']} {r['seconds']:.2f}" for r in slow],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(TARGETS), help="names, with commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, help="programs that our runs have side by side")
    options = parser.parse_args()
    more = ["--jobs", str(options.jobs)] if options.jobs else []
    one = OUT / "one-statement.md"
    OUT.mkdir(parents=True, exist_ok=True)
    one.write_text(ONE_STATEMENT, encoding="utf-8")
    columns = ("wall", "longest", "rest", "CPU", "servers", "blocks", "ratio", "ms/page", "failed")
    print(f"{'docs on':12}" + "".join(f"{column:>9}" for column in columns))
    rows = []
    for name in options.only.split(","):
        runs, alone = [], []
        for number in range(options.runs + 1):
            one_run = once(name, str(one.relative_to(ROOT)), more)
            if one_run.problem or not one_run.results:
                print(f"{name:12} not measured; {one_run.problem}", flush=True)
                break
            all_pages = once(name, "docs", more)
            if number:  # the first run fills caches, as pip's
                runs.append(all_pages)
                alone.append(one_run)
        else:
            found = row(name, runs, alone)
            rows.append(found)
            numbers = ("wall", "longest", "wall_beside_longest", "cpu", "cpu_of_servers", "blocks")
            print(
                f"{name:12}{''.join(f'{found[key]:9.1f}' for key in numbers)}"
                f"{found['cpu_to_blocks']:9.2f}{found['page_beside_blocks'] * 1000:9.0f}"
                f"{found['failed']:9}",
                flush=True,
            )
    write("docs", rows)


if __name__ == "__main__":
    main()
