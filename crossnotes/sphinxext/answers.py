"""What a block was answered, as a reader takes it in: a database once, whatever versions and
deployments of it were asked, and those apart that different result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossnotes import ranges
from crossnotes.page import Snippet
from crossnotes.program import expected_of
from crossnotes.results import Mark
from crossnotes.sphinxext.messages import _
from crossnotes.targets import every_target

#: The database that a target is a deployment of.
_FAMILY = {target: name for name, targets in ranges.FAMILIES.items() for target in targets}

#: Those that are kin stand side by side, where their equal answers are told once; then all others.
_ORDER = ("mysql", "mariadb", "tidb", "postgresql", "sqlite", "oracle")


def product_of(target: str) -> str:
    """The database that a reader says he has: `tidb` of each of its deployments."""
    return _FAMILY.get(target, target)


def label_of(product: str) -> str:
    """What it is called: `TiDB`."""
    targets = every_target()
    if product in targets:
        return targets[product].label
    first = next((each for each in ranges.FAMILIES.get(product, ()) if each in targets), "")
    return targets[first].label.partition(" ")[0] if first else product


def in_order(products: Iterable[str]) -> list[str]:
    """The databases, each once, as readers meet them everywhere."""
    every = [*_ORDER, *map(product_of, every_target())]
    return sorted(dict.fromkeys(products), key=every.index)


class Said(NamedTuple):
    """What a database said, or that it said nothing: the state of a mark, and the text or, of what
    is excused, the reason."""

    state: str
    text: str = ""

    @property
    def is_answer(self) -> bool:
        """Whether a database said it: now, or before what stands around the block changed."""
        return self.state in ("passed", "failed") or (self.state == "changed" and bool(self.text))

    def shortened(self, most: int) -> str:
        """The text, with no more than so many lines of it; 0 is all."""
        lines = self.text.split("\n")
        return "\n".join([*lines[:most], "…"]) if 0 < most < len(lines) else self.text


@dataclass(frozen=True, slots=True)
class Variant:
    """The versions and deployments of a database that said the same. `name` tells them from its
    other ones; "" where there are none."""

    said: Said
    marks: Sequence[Mark]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one database said to one block. `rest` are versions and deployments of it that gave no
    answer beside those that did."""

    product: str
    variants: Sequence[Variant]
    rest: Sequence[Variant] = ()

    @property
    def label(self) -> str:
        return label_of(self.product)

    @property
    def said(self) -> tuple[tuple[str, Said], ...]:
        """What two databases have to have alike to be told as one."""
        return tuple((variant.name, variant.said) for variant in self.variants)

    @property
    def given(self) -> tuple[tuple[str, bool, str], ...]:
        """What two databases have to have alike to have answered alike, whether it was before a
        change or after it."""
        return tuple((each.name, each.said.is_answer, each.said.text) for each in self.variants)

    def of_those_that_answered(self) -> Answer:
        """The same, with what gave no answer set apart; it itself where none or all gave one."""
        told = [each for each in self.variants if each.said.is_answer]
        rest = [each for each in self.variants if each not in told]
        if not told or not rest:
            return self
        if len(told) == 1:
            told = [Variant(told[0].said, told[0].marks)]
        return Answer(self.product, told, rest)

    @property
    def marks(self) -> list[Mark]:
        return [mark for variant in self.variants for mark in variant.marks]


def answers(marks: Sequence[Mark], said: Callable[[Mark], Said]) -> list[Answer]:
    """What each database said of which there are marks."""
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(product_of(mark.target), []).append(mark)
    return [Answer(product, _variants(found[product], said)) for product in in_order(found)]


def _variants(marks: Sequence[Mark], said: Callable[[Mark], Said]) -> list[Variant]:
    groups: dict[Said, list[Mark]] = {}
    for mark in marks:
        groups.setdefault(said(mark), []).append(mark)
    if len(groups) == 1:
        return [Variant(*next(iter(groups.items())))]
    names = _names(list(groups.values()))
    return [
        Variant(what, group, name)
        for (what, group), name in zip(groups.items(), names, strict=True)
    ]


def _names(groups: Sequence[Sequence[Mark]]) -> list[str]:
    """What tells groups of one database's marks apart: their versions, else their deployments,
    else both. Only what was asked is named."""
    for names_of in (_series, _deployment, _both):
        found = [list(dict.fromkeys(filter(None, map(names_of, group)))) for group in groups]
        every = [name for names in found for name in names]
        if all(found) and len(every) == len(set(every)):
            break
    return [str(_(", ")).join(names) for names in found]


def _series(mark: Mark) -> str:
    return mark.series


def _deployment(mark: Mark) -> str:
    return mark.label.partition(" ")[2] if mark.target in _FAMILY else ""


def _both(mark: Mark) -> str:
    return f"{_deployment(mark)} {mark.series}".strip() or mark.label


# -- what a mark says -----------------------------------------------------------------------------


def below_block(snippet: Snippet, mark: Mark) -> Said:
    """What stands below a block: what the page expects, which was held against the answer, or the
    answer of a block that failed."""
    if mark.state == "failed":
        return Said("failed", mark.answer.rstrip("\n"))
    expected = expected_of(snippet, mark.target, ranges.version(mark.version) or None)
    return Said("passed", expected.text if expected else mark.output.rstrip("\n"))


def side_by_side(mark: Mark) -> Said:
    """What a comparison shows: the answer itself."""
    if mark.state == "passed":
        return Said("passed", mark.output.rstrip("\n"))
    if mark.state == "failed":
        return Said("failed", mark.answer.rstrip("\n"))
    if mark.state == "changed":
        return Said("changed", mark.earlier.rstrip("\n"))
    return Said(mark.state, mark.reason)
