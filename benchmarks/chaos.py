"""Interrupts commands at random moments, and looks at what is left: `make chaos ROUNDS=200`.

A small site is tested, built and translated on servers that hold databases of somebody. Each round
lets one command run, and after a random part of the time that it takes does one of these: Ctrl-C
once or twice, SIGTERM, SIGKILL, a disk that is full, a server that is killed or stands still. The
round is right when

- the command, run again, succeeds,
- the site that is built then is the one that was built before anything was interrupted, so that no
  mark is false,
- no process, no database, no temporary file and no registration is left, and
- pages and ledgers can be read, and the pages are as their author wrote them.

What was counted is printed and written into build/bench/chaos.json. `--seed` repeats a run's
choices, though not the machine's speed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossnotes import ledger as ledgers
from crossnotes.targets import Server, every_target

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench" / "chaos.json"
PAGES = 8
#: Seconds after which a command hangs, and seconds that a process has to end after a signal.
LIMIT, PATIENCE = 300, 60

CONF = """\
project = "Chaos"
extensions = ["myst_parser", "sphinx_copybutton", "crossnotes.sphinxext"]
extensions += ["crossnotes.site", "crossnotes.mends"]
crossnotes_languages = {"en": "English", "ja": "Japanese"}
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "attrs_block"]
html_theme = "furo"
"""
PYPROJECT = """\
[tool.crossnotes]
pages = ["docs"]
django = "project"
"""
PAGE = """\
# Page {number}

Sentence {number}.

```python
import time
from notes.models import Note

time.sleep(0.1)
print(Note.objects.create(text="a").pk, Note.objects.count())
```
```{{output}}
1 1
```

```sql
CREATE TABLE of_a_page (n integer)
```

```pycon
>>> {number} + 1
{sum}
```
"""
COMMANDS_PAGE = """\
# Commands

```console
$ python manage.py check
System check identified no issues (0 silenced).
$ sleep 0.2 & echo begun
begun
```
"""


@dataclass
class Site:
    """The site, and all that its commands may leave something in."""

    root: Path
    temporary: Path
    state: Path
    environment: dict[str, str]
    servers: dict[str, Server]
    mark: str
    took: dict[str, float] = field(default_factory=dict)

    def popen(
        self, command: Sequence[str], most: int = 0, own_server: bool = False
    ) -> subprocess.Popen[bytes]:
        """Begin a command; no file that it writes may have more than `most` bytes, if it is so.
        With `own_server` it knows of no external one."""

        def limit() -> None:
            if most:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env={
                name: value
                for name, value in self.environment.items()
                if not (own_server and name.startswith("CROSSNOTES_"))
            },
            stdout=subprocess.DEVNULL if most else (self.root.parent / "said").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=limit,
        )

    def run(self, command: Sequence[str]) -> int:
        """Run a command to its end."""
        begun = time.monotonic()
        process = self.popen(command)
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return -99
        self.took[" ".join(command)] = time.monotonic() - begun
        return status

    def said(self) -> str:
        return (self.root.parent / "said").read_text(errors="replace")[-2000:]


def commands(targets: Sequence[str]) -> list[list[str]]:
    test = ["crossnotes", "test", "--target"]
    return [
        *([*test, target, "--ledger", "led"] for target in targets),
        [*test, "sqlite", "--update"],
        ["pytest", "-q", "-p", "no:cacheprovider", "docs", "--crossnotes-target", "sqlite"],
        ["crossnotes", "results", "--target", "sqlite"],
        ["crossnotes", "results-from", "given"],
        ["crossnotes", "html"],
        ["crossnotes", "intl"],
    ]


# -- faults ---------------------------------------------------------------------------------------

Fault = Callable[[Site, "subprocess.Popen[bytes]", random.Random], None]


def _signals(*numbers: signal.Signals) -> Fault:
    def send(site: Site, process: subprocess.Popen[bytes], chance: random.Random) -> None:
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            time.sleep(chance.uniform(0, 0.5) if len(numbers) > 1 else 0)

    return send


def _kill_server(site: Site, process: subprocess.Popen[bytes], chance: random.Random) -> None:
    _signal_server(site, signal.SIGKILL)


def _stop_server(site: Site, process: subprocess.Popen[bytes], chance: random.Random) -> None:
    _signal_server(site, signal.SIGSTOP)
    time.sleep(chance.uniform(0.5, 3))
    _signal_server(site, signal.SIGCONT)


def _signal_server(site: Site, number: signal.Signals) -> None:
    """Send a signal to the server that the run has started."""
    for pid in _processes(str(site.temporary)):
        with contextlib.suppress(OSError):
            name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            if name in ("postgres", "mariadbd", "mysqld"):
                os.kill(pid, number)


FAULTS: dict[str, Fault] = {
    "SIGINT": _signals(signal.SIGINT),
    "SIGINT twice": _signals(signal.SIGINT, signal.SIGINT),
    "SIGTERM": _signals(signal.SIGTERM),
    "SIGKILL": _signals(signal.SIGKILL),
}
#: For runs that start their own server.
OF_SERVERS: dict[str, Fault] = {"server killed": _kill_server, "server stopped": _stop_server}
FULL = "disk full"


# -- what is left ---------------------------------------------------------------------------------


def _processes(text: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            if text.encode() in said:
                found.append(int(folder.name))
    return found


def left(site: Site, pages: Mapping[Path, bytes]) -> Iterator[str]:
    """What is not as it was."""
    deadline = time.monotonic() + PATIENCE
    while living := [*_processes(f"CHAOS={site.mark}"), *_processes(str(site.temporary))]:
        if time.monotonic() > deadline:
            yield f"processes live on: {living}"
            break
        time.sleep(0.1)
    if temporary := list(site.temporary.iterdir()):
        yield f"temporary files: {[path.name for path in temporary]}"
        for path in temporary:  # told once
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if runs := [str(path) for path in site.state.rglob("*.json")]:
        yield f"registrations: {runs}"
    if new := [str(path) for path in site.root.rglob("*.crossnotes-new")]:
        yield f"half written files: {new}"
    for target, server in site.servers.items():
        for prefix in ("crossnotes_", "test_"):
            if found := server.databases(prefix):
                yield f"databases on {target}: {found}"
    for folder in ("ledger", "led"):
        for path in ledgers.files_of(site.root / folder) if (site.root / folder).exists() else ():
            try:
                ledgers.read(path)
            except ledgers.LedgerError as error:
                yield str(error)
    for path, text in pages.items():
        if path.read_bytes() != text:
            yield f"{path.name} has changed"


def site_as_built(site: Site) -> str:
    """A digest of all pages."""
    digest = hashlib.sha256()
    for path in sorted((site.root / "build" / "html").rglob("*.html")):
        text = re.sub(r"[?&]v=[0-9a-f]+", "", path.read_text())
        digest.update(f"{path.relative_to(site.root)}\0{text}\0".encode())
    return digest.hexdigest()


# -- rounds ---------------------------------------------------------------------------------------


def one_round(
    site: Site, command: list[str], fault: str, chance: random.Random, built: str
) -> list[str]:
    """What was wrong after a command met a fault."""
    pages = {path: path.read_bytes() for path in (site.root / "docs").glob("*.md")}
    usual = site.took[" ".join(command)]
    if fault == FULL:
        process = site.popen(command, chance.choice((2_000, 8_000, 30_000, 100_000)))
    else:
        if command[1] in ("results", "html"):
            # There is something to do.
            shutil.rmtree(site.root / "build", ignore_errors=chance.random() < 0.5)
        of_server = fault in OF_SERVERS
        process = site.popen(command, own_server=of_server)
        # A server of its own takes a while to start.
        time.sleep(chance.uniform(0, usual + (3 if of_server else 0)))
        (FAULTS | OF_SERVERS)[fault](site, process, chance)
    wrong = []
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        wrong.append(f"hangs after {fault}")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if (status := site.run(command)) != 0:
        wrong.append(f"the next run ends with status {status}: {site.said()}")
    wrong += left(site, pages)
    if command[1] in ("html", "results", "results-from", "intl"):
        if (status := site.run(["crossnotes", "html"])) != 0:
            wrong.append(f"html ends with status {status}: {site.said()}")
        elif site_as_built(site) != built:
            wrong.append("the site is another one")
    return wrong


def make(folder: Path) -> Path:
    """The site, with catalogues and the ledger of a first run to come."""
    root = folder / "site"
    (root / "docs").mkdir(parents=True)
    shutil.copytree(ROOT / "tests" / "pages" / "project", root / "project")
    (root / "conf.py").write_text(CONF)
    (root / "pyproject.toml").write_text(PYPROJECT)
    names = [f"p{number}" for number in range(PAGES)] + ["commands"]
    listed = "\n".join(names)
    matrix = f"# Home\n\n```{{matrix}}\n```\n\n```{{toctree}}\n{listed}\n```\n"
    (root / "docs" / "index.md").write_text(matrix)
    for number in range(PAGES):
        text = PAGE.format(number=number, sum=number + 1)
        (root / "docs" / f"p{number}.md").write_text(text)
    (root / "docs" / "commands.md").write_text(COMMANDS_PAGE)
    return root


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311
    options.add_argument("--targets", default="sqlite,postgresql,mariadb")
    given = options.parse_args()
    chance = random.Random(given.seed)  # noqa: S311
    print(f"{given.rounds} rounds, --seed {given.seed}", flush=True)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossnotes-chaos-")))
        folder.chmod(0o755)
        return _rounds(folder, stack, given.targets.split(","), given.rounds, chance)


def _rounds(
    folder: Path,
    stack: contextlib.ExitStack,
    targets: list[str],
    rounds: int,
    chance: random.Random,
) -> int:
    mark = folder.name
    temporary, state = folder / "tmp", folder / "state"
    temporary.mkdir()
    state.mkdir()
    environment = os.environ | {
        "CHAOS": mark,
        "TMPDIR": str(temporary),
        "XDG_STATE_HOME": str(state),
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
    }
    servers: dict[str, Server] = {}
    for target in targets:
        share = every_target()[target].share
        if share is None:
            continue
        start = every_target()[target].look(os.environ).start
        if start is None:
            print(f"{target}: not here")
            continue
        place = folder / f"{mark}-{target}"
        place.mkdir()
        servers[target] = start(place)
        stack.callback(servers[target].close)
        environment |= share(servers[target])
    site = Site(make(folder), temporary, state, environment, servers, mark)
    there = ["sqlite", *servers]
    for command in [
        ["crossnotes", "test", "--target", "sqlite", "--ledger", "given"],
        *commands(there),
        ["crossnotes", "html"],
    ]:
        if (status := site.run(command)) != 0:
            print(f"{' '.join(command)} ends with status {status}:\n{site.said()}")
            return 1
    built = site_as_built(site)
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    found: list[dict[str, object]] = []
    for number in range(1, rounds + 1):
        fault = chance.choice([*FAULTS, *OF_SERVERS, FULL])
        of_server = fault in OF_SERVERS and len(there) > 1
        command = chance.choice(commands(there)[1 : len(there)] if of_server else commands(there))
        counts[" ".join(command[:3]), fault] += 1
        if wrong := one_round(site, command, fault, chance, built):
            found.append({"round": number, "command": command, "fault": fault, "wrong": wrong})
            print(f"{number}: {' '.join(command)}, {fault}: {'; '.join(wrong)}", flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    by_fault = collections.Counter(fault for _, fault in counts.elements())
    OUT.write_text(json.dumps({"rounds": rounds, "faults": by_fault, "wrong": found}, indent=1))
    for fault, count in sorted(by_fault.items()):
        wrong = sum(each["fault"] == fault for each in found)
        print(f"{fault:15} {count:4} rounds, {wrong} wrong")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
