"""`make check`: the English of pages and messages against the words that our guide forbids.

The rule and its reasons are in docs/guides/write-a-page.md. A hit is a line of a page, the words,
and what to write instead; exit 1 if there is any. Code and the targets of links are not prose. Of
the package itself what a person sees is read: texts that are no docstrings, the docstrings of
commands, and what `crossnotes init` writes.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROSE = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "crossnotes/init/template"]
#: Files of which the comments are shown to a person, or all.
PLAIN = ["Makefile", "action.yml", ".pre-commit-hooks.yaml", "crossnotes/init/template/Makefile"]
PACKAGE = "crossnotes"
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
#: What messages say in one word.
BANNED_IN_MESSAGES = {
    r"\btak(?:e|es|en|ing) (?:\S+ ){1,3}(?:away|out)\b": "remove",
    r"(?<![Tt]here )\bis no (?!longer\b|more\b)": "is not a",
    r"\b(?:is|are) there already\b|\bthere is \S+(?: \S+)? already\b": "already exists",
    r"\banew\b": "again",
    r"\bstands? (?:there|in each other)\b": "is there, are nested",
    r"\bsa(?:id|ys) (?:nothing|something)\b": "printed",
    r"\b(?:is|was|were|are|been|not) had\b|\bhas to be had\b": "available, how the run reached it",
    r"\bmore \w+ than one\b": "more than one",
    r"\b(?:is|are) not (?:done|run) here\b|\bnothing here\b": "not supported",
    r"\bas (?:it is|they are) gets?\b": "allow",
}
_WORDS = [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in BANNED.items()]
_MORE = [(re.compile(pattern), instead) for pattern, instead in BANNED_IN_MESSAGES.items()]
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


def messages(source: str) -> Iterator[tuple[int, str]]:
    """The texts (and their lines) of a module that a person sees: those with a space that are not
    docstrings, and the docstrings of commands."""
    tree = ast.parse(source)
    unseen = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            is_command = any(
                "command" in ast.dump(each) or "group" in ast.dump(each)
                for each in getattr(node, "decorator_list", [])
            )
            first = node.body[0]
            if isinstance(first, ast.Expr) and not is_command:
                unseen.add(first.value)
        elif isinstance(node, ast.JoinedStr):
            unseen.update(node.values)
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
            text = "".join(map(str, parts))
        else:
            continue
        if " " in text.strip():
            yield node.lineno, " ".join(_CODE.sub(" ", text).split())


def hits(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, words, what to write instead) for each forbidden expression of a page."""
    lines = list(prose(text))
    joined = "\n".join(line for _, line in lines)
    starts = [0]
    for _, line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for start, words, instead in forbidden(joined.replace("\n", " ")):
        at = sum(each <= start for each in starts) - 1
        yield lines[at][0], words, instead


def hits_in_code(source: str) -> Iterator[tuple[int, str, str]]:
    """The same, of the texts of a module."""
    for line, text in messages(source):
        for _, words, instead in forbidden(text, [*_WORDS, *_MORE]):
            yield line, f"{words} … {text[:60]}", instead


def forbidden(
    text: str, words: list[tuple[re.Pattern[str], str]] = _WORDS
) -> Iterator[tuple[int, str, str]]:
    """Where a forbidden expression begins, the expression, and what to write instead."""
    for pattern, instead in words:
        for match in pattern.finditer(text):
            yield match.start(), match[0], instead


def files(root: Path, name: str, ending: str) -> list[Path]:
    path = root / name
    return sorted(path.rglob(f"*{ending}")) if path.is_dir() else [path]


def main(root: Path = Path()) -> int:
    """Print the hits of all pages and messages; 1 if there are any."""
    found = [
        (path, hit)
        for read, ending, names in (
            (hits, ".md", [*PROSE, *PLAIN]),
            (hits_in_code, ".py", [PACKAGE]),
        )
        for name in names
        for path in files(root, name, ending)
        for hit in sorted(read(path.read_text(encoding="utf-8")))
    ]
    for path, (line, words, instead) in found:
        print(f"{path}:{line}: {words!r}: write {instead}")
    print(f"English: {len(found) or 'no'} forbidden expression{'s' * (len(found) > 1)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
