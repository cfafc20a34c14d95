"""Measures builds of the site beside MkDocs Material with static-i18n, and Hugo: CPU time.

`make bench` runs it after run.py; `--only peers,sizes,again` and `--runs N` take fewer. The pages
are those of site_pages.py. Hugo takes part where a `hugo` is on PATH or in build/bench/bin. Nothing
is asserted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import site_pages
from run import OUT, ROOT, Command, Measured, in_turn, peers, tell
from site_pages import LANGUAGES

SIZES = (500, 2000)


def corpus(number: int) -> Path:
    """A folder with the same pages for each generator; ours has our own settings of Sphinx."""
    folder = OUT / f"site-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    site_pages.write(folder, number)
    for name in ("conf.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / "sphinx")
    return folder


def sphinx(folder: Path, language: str, name: str, pages: int, anew: bool = True) -> Command:
    """One language, as `make html` builds it; without what an earlier run has left when `anew`."""
    root = folder / "sphinx"
    out, doctrees = root / "out" / language, root / "doctrees" / language
    options = ["-q", "-n", "-W", "--keep-going", "-c", ".", "-d", doctrees]
    options += ["-D", f"language={language}"]
    arguments = [sys.executable, "-m", "crossnotes.site.process", *options]

    def remove() -> None:
        for made in (out, doctrees) if anew else ():
            shutil.rmtree(made, ignore_errors=True)

    return Command(name, [*arguments, "docs", out], root, pages, remove)


def beside_peers(runs: int) -> list[list[Measured]]:
    """500 pages in both languages. The sum of ours is what is compared."""
    number = SIZES[0]
    folder, both_languages = corpus(number), number * len(LANGUAGES)
    mkdocs = [peers().parent / "mkdocs", "build", "-q"]
    commands = [
        Command("MkDocs Material + static-i18n", mkdocs, folder / "mkdocs", both_languages),
        *(sphinx(folder, language, f"ours, {language}", number) for language in LANGUAGES),
    ]
    hugo = shutil.which("hugo", path=f"{OUT / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if hugo:
        commands.append(Command("Hugo", [hugo, "--quiet"], folder / "hugo", both_languages))
    measured = in_turn(commands, runs)
    both = Measured("ours, both languages", both_languages)
    english, japanese = measured[1:3]
    both.cpu = [round(a + b, 4) for a, b in zip(english.cpu, japanese.cpu, strict=True)]
    both.wall = [round(a + b, 4) for a, b in zip(english.wall, japanese.wall, strict=True)]
    both.peak_mb = [max(pair) for pair in zip(english.peak_mb, japanese.peak_mb, strict=True)]
    return [[measured[0], both, *measured[1:]]]


def by_size(runs: int) -> list[list[Measured]]:
    """Four times the pages: is it four times the work, and how large is a process?"""
    folders = [corpus(number) for number in SIZES]
    sizes = list(zip(folders, SIZES, strict=True))
    return [
        in_turn([sphinx(folder, code, f"{code}, {n} pages", n) for folder, n in sizes], runs)
        for code in LANGUAGES
    ]


def again(runs: int) -> list[list[Measured]]:
    """500 pages again: nothing changed, and one page changed."""
    folder = corpus(SIZES[0])
    changed = folder / "sphinx/docs/s03/p0160.md"

    def change() -> None:
        changed.write_text(changed.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")

    groups = []
    for code in LANGUAGES:
        nothing = sphinx(folder, code, f"{code}, no change", SIZES[0], anew=False)
        edited = replace(nothing, name=f"{code}, one page changed", before=change)
        # The run that does not count builds all; each edit is followed by the run that takes it in.
        groups.append(in_turn([nothing, edited], runs))
    return groups


MEASUREMENTS: Mapping[str, Callable[[int], Sequence[Sequence[Measured]]]] = {
    "peers": beside_peers,
    "sizes": by_size,
    "again": again,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="names, with commas")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        tell(f"site-{name}", MEASUREMENTS[name](options.runs))


if __name__ == "__main__":
    main()
