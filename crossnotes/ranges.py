"""Targets with ranges of their versions, as `:targets: mysql>=8.0.16, mariadb<11.6, tidb` has them.

A bound says as much as it has numbers: `<=8.0` holds for every 8.0, `mysql@8.4` for every 8.4.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

#: The numbers of a version, without zeros at the end: `8.0.0` is `8`.
Version = tuple[int, ...]

#: Names that stand for several targets.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "tidb": ("tidb-self-hosted", "tidb-dedicated", "tidb-serverless")
}

_BOUND = r"(>=|<=|==|<|>|@)\s*v?(\d{1,9}(?:\.\d{1,9})*)\s*"
_ITEM = re.compile(rf"([A-Za-z][\w-]*)\s*((?:{_BOUND})*)")


class RangeError(Exception):
    """A text that is no range of versions; the message says what can be written."""


@dataclass(frozen=True, slots=True)
class Range:
    """The versions of a target from `low` on and before `high` (None: all that follow)."""

    text: str
    name: str
    low: Version = ()
    high: Version | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that the name stands for."""
        return FAMILIES.get(self.name, (self.name,))

    @property
    def whole(self) -> bool:
        """Whether it holds for every version."""
        return not self.low and self.high is None

    def holds(self, target: str, version: Version | None) -> bool:
        """Whether it is of this target and has this version; where that is None, the version is
        not known, and only a name alone holds."""
        if target not in self.targets:
            return False
        if self.whole or version is None:
            return self.whole
        return self.low <= version and (self.high is None or version < self.high)

    def meets(self, other: Range) -> bool:
        """Whether there can be a version for which both hold."""
        if not set(self.targets) & set(other.targets):
            return False
        return not _empty(*_both(self, other))


def _both(one: Range, other: Range) -> tuple[Version, Version | None]:
    highs = [high for high in (one.high, other.high) if high is not None]
    return max(one.low, other.low), min(highs) if highs else None


def _empty(low: Version, high: Version | None) -> bool:
    return high is not None and low >= high


def version(text: str) -> Version:
    """The numbers at the first place in a text that has any; empty where it has none."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return _bare(tuple(map(int, found[0].split(".")))) if found else ()


def _bare(numbers: Version) -> Version:
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


@cache
def parse(text: str) -> Range:
    """One item, such as `mysql`, `tidb>=8.1` or `mariadb>=10.6<11.6`. Raises RangeError."""
    found = _ITEM.fullmatch(text.strip())
    if found is None:
        raise RangeError(
            f"cannot read {text.strip()!r}; write a target, or one with a range of its versions, "
            "such as mysql>=8.0.16, mariadb>=10.6<11.6 or tidb@8.5"
        )
    low: Version = ()
    high: Version | None = None
    for bound, digits in re.findall(_BOUND, found[2]):
        numbers = tuple(map(int, digits.split(".")))
        following = (*numbers[:-1], numbers[-1] + 1)
        if bound in (">=", "==", "@"):
            low = max(low, _bare(numbers))
        if bound == ">":
            low = max(low, _bare(following))
        end = {"<": numbers, "<=": following, "==": following, "@": following}.get(bound)
        if end is not None:
            high = _bare(end) if high is None else min(high, _bare(end))
    if _empty(low, high):
        raise RangeError(f"{text.strip()!r} matches no version")
    return Range(text.strip(), found[1], low, high)


def readable(items: Iterable[str]) -> Iterator[Range]:
    """The items that can be read; `problem` tells of the others."""
    for item in items:
        with contextlib.suppress(RangeError):
            yield parse(item)


def names(items: Iterable[str]) -> tuple[str, ...]:
    """The targets that items name, in their order, each once."""
    return tuple(dict.fromkeys(name for item in readable(items) for name in item.targets))


def holds(items: Iterable[str], target: str, found: Version | None) -> bool:
    """Whether one of the items holds for a version of a target."""
    return any(item.holds(target, found) for item in readable(items))


def may_hold(items: Iterable[str], target: str, found: Version | None) -> bool:
    """The same, but where the version is not known a range holds, too."""
    if found is not None:
        return holds(items, target, found)
    return target in names(items)


def common(items: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """An item of each that hold for one and the same version, if there are such."""
    for item, other in itertools.product(readable(items), tuple(readable(others))):
        if item.meets(other):
            return item.text, other.text
    return None


def problem(
    items: Iterable[str], known: Collection[str], releases: Mapping[str, Sequence[str]]
) -> str | None:
    """What is wrong with items that a page gives, or None. `releases` are the series that are
    known of each target; what is not in it may have any."""
    for item in items:
        try:
            found = parse(item)
        except RangeError as error:
            return str(error)
        if not set(found.targets) & set(known):
            choices = ", ".join(sorted({*known, *FAMILIES}))
            return f"unknown target {found.name!r}; known are: {choices}"
        if not any(_is_known(found, releases.get(target)) for target in found.targets):
            series = ", ".join(releases[found.targets[0]])
            return f"{found.text} matches no known version; known of {found.name} are: {series}"
    return None


def _is_known(found: Range, series: Sequence[str] | None) -> bool:
    if found.whole or series is None:
        return True
    return any(found.meets(parse(f"{found.name}@{each}")) for each in series)
