"""Code stays code: the blocks of a translated page are those of the page itself.

Compared is what `make html` built, so that it does not matter how a block came onto a page, or how
a translation took it away.
"""

import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from docutils import nodes

from crossnotes.site.build import OUT
from crossnotes.site.project import SiteError, find

#: How far the line that a doctree has for a block is from the real one.
NEAR = 5
#: The endings of pages.
SUFFIXES = (".md", ".rst", ".txt", ".ipynb")
#: What of a block is shown to tell it from the others.
SHOWN = 60


@dataclass(frozen=True)
class Block:
    """A code block as a reader sees it. `line` is that of the page, or near it."""

    text: str
    language: str
    line: int

    @property
    def key(self) -> tuple[str, str]:
        return self.language, self.text

    def __str__(self) -> str:
        first = next((line for line in self.text.splitlines() if line.strip()), "")
        return f"`{first[:SHOWN]}`" if first else "without text"


#: How MyST writes a hard line break into HTML and LaTeX.
BREAKS = ("<br />", "\\\\")


@dataclass(frozen=True)
class Difference:
    """A block of one page that the page in the other language does not have."""

    page: str
    line: int
    language: str
    problem: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: [{self.language}] blocks: {self.problem}"


def blocks(doctree: nodes.document, page: Path) -> list[Block]:
    """The code blocks of a page, in reading order."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    kinds = (nodes.literal_block, nodes.doctest_block, nodes.math_block, nodes.raw)
    found = [node for node in doctree.findall() if isinstance(node, kinds) and not _breaks(node)]
    return [
        Block(node.astext(), node.get("language", node.get("format", "")), _line(node, lines))
        for node in found
    ]


def _breaks(node: nodes.Element) -> bool:
    """Whether it is a hard line break, which a translation has or has not."""
    return isinstance(node, nodes.raw) and node.astext().strip() in BREAKS


def _line(node: nodes.Element, lines: Sequence[str]) -> int:
    """The line on which a block's code begins: a doctree has it wrong by a few."""
    start = node.line or 1
    first = next((line for line in node.astext().splitlines() if line.strip()), "")
    near = sorted(range(max(1, start - NEAR), start + NEAR + 1), key=lambda at: abs(at - start))
    for at in near:
        if first and at <= len(lines) and lines[at - 1].strip() == first.strip():
            return at
    return start


def differences(
    source: Sequence[Block], translated: Sequence[Block], page: str, language: str
) -> Iterator[Difference]:
    """The blocks that the translated page has lost, brought in, or changed."""
    matcher = SequenceMatcher(
        None, [block.key for block in source], [block.key for block in translated], autojunk=False
    )
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            continue
        pairs = min(b - a, d - c)
        for one, other in zip(source[a : a + pairs], translated[c : c + pairs], strict=True):
            problem = f"the block {one} is {other} here: {_change(one, other)}"
            yield Difference(page, one.line, language, problem)
        for block in source[a + pairs : b]:
            yield Difference(page, block.line, language, f"the block {block} is lost")
        for block in translated[c + pairs : d]:
            problem = f"the block {block} is not on the page that was translated"
            yield Difference(page, block.line, language, problem)


def _change(one: Block, other: Block) -> str:
    """The first line in which two blocks differ."""
    if one.text == other.text:
        return f"its language is {other.language}, not {one.language}"
    lines = (one.text.splitlines(), other.text.splitlines())
    for left, right in zip(*lines, strict=False):
        if left != right:
            return f"{left!r} became {right!r}"
    return f"it has {len(lines[1])} lines, not {len(lines[0])}"


def _read(path: Path) -> nodes.document:
    try:
        doctree = pickle.loads(path.read_bytes())  # noqa: S301 - our own build wrote it
    except FileNotFoundError:
        raise SiteError(f"{path}: no such file; build the site first: make html") from None
    except Exception as error:  # unpickling may raise anything
        raise SiteError(f"{path}: {error}; build the site again: make clean html") from None
    if not isinstance(doctree, nodes.document):
        raise SiteError(f"{path}: is not a page; build the site again: make clean html")
    return doctree


def compare(root: Path = Path()) -> tuple[int, list[Difference]]:
    """How many blocks the English pages have, and where the others differ, as `make html` built
    them. Raises SiteError where it did not."""
    project = find(root)
    source, *others = project.languages
    doctrees = root / OUT.parent / "doctrees"
    count = 0
    found: list[Difference] = []
    for built in sorted((doctrees / source).rglob("*.doctree")):
        name = built.relative_to(doctrees / source)
        pages = [project.source / f"{name.with_suffix('')}{suffix}" for suffix in SUFFIXES]
        page = next((path for path in pages if path.exists()), None)
        if page is None:
            continue  # Sphinx keeps what it knew of pages that are gone
        expected = blocks(_read(built), page)
        count += len(expected)
        for language in others:
            translated = blocks(_read(doctrees / language / name), page)
            shown = page.relative_to(root).as_posix()
            found += differences(expected, translated, shown, language)
    if not (doctrees / source).is_dir():
        raise SiteError(f"{doctrees / source}: no such folder; build the site first: make html")
    return count, found


def check(root: Path = Path()) -> int:
    """Print where the code of the languages differs; 1 if it does, 2 if that can't be told."""
    try:
        count, found = compare(root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for difference in found:
        print(difference)
    print(f"{count} code blocks, {len(found)} differences")
    return 1 if found else 0
