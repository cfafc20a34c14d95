"""`make check`: the English of the pages against the words that our guide forbids.

The rule and its reasons are in docs/guides/write-a-page.md. A hit is a line of a page, the words,
and what to write instead; exit 1 if there is any. Code and the targets of links are not prose.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROSE = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs"]
SERVERS = r"(?:[Dd]atabases?|[Ss]ervers?|MySQL|MariaDB|TiDB|PostgreSQL|SQLite|Oracle)"
BANNED = {
    r"\b(?:can|to) be had\b": "available, found, installed",
    r"\bshall\b": "must, should, or the plain verb",
    r"\b[Ww]ho(?:m|)ever\b": "the person or program that is meant",
    r"\botherwise\b": "differently, if not, unless",
    r"\btak(?:e|es|en|ing) [^.;:|]{1,40}? for (?:an?|the|one)\b": "treat … as",
    r"\bmakes? of\b": "does with, returns, the result of",
    r"\b(?:comes?|came|becomes?|became) of\b": "the result, what happens to",
    r"\bbend(?:s|ing)?\b": "convert, truncate",
    r"\binside of\b": "in, within",
    r"\bminds? (?:case|accents)\b": "is case-sensitive",
    r"\bafter this page\b": "the finding itself",
    rf"\b{SERVERS} (?:answers?|says?|knows?|minds?|refuses?)\b": (
        "returns, reports, supports, raises an error"
    ),
}
_WORDS = [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in BANNED.items()]
_FENCE = re.compile(r"^\s*(?:> ?)*(`{3,}|~{3,}|:{3,})(.*)$")
_PROSE_FENCES = (
    "{glossary}",
    "{sequence}",
    "{tip}",
    "{warning}",
    "{note}",
    "{tabs}",
    "{group-tab}",
)
_CODE = re.compile(r"(`+).+?\1|\]\([^)]*\)|<[^>]*>")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines (from 1) of a page that hold prose, without code and the targets of links."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            elif line.startswith(":caption:"):
                yield number, _CODE.sub(" ", line)
            continue
        if mark and mark[2].strip() and not mark[2].strip().startswith(_PROSE_FENCES):
            fence = mark[1]
            continue
        yield number, _CODE.sub(" ", line)


def hits(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, words, what to write instead) for each forbidden expression of a page."""
    lines = list(prose(text))
    joined = "\n".join(line for _, line in lines)
    starts = [0]
    for _, line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for pattern, instead in _WORDS:
        for match in pattern.finditer(joined.replace("\n", " ")):
            at = sum(start <= match.start() for start in starts) - 1
            yield lines[at][0], match[0], instead


def main(root: Path = Path()) -> int:
    """Print the hits of all pages; 1 if there are any."""
    found = 0
    for name in PROSE:
        paths = sorted((root / name).rglob("*.md")) if (root / name).is_dir() else [root / name]
        for path in paths:
            for line, words, instead in sorted(hits(path.read_text(encoding="utf-8"))):
                print(f"{path}:{line}: {words!r}: write {instead}")
                found += 1
    print(
        f"English: {found} forbidden expressions" if found else "English: no forbidden expression"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
