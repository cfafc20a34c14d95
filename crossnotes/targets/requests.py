"""What a person asks for: a target, or a target in one version, `mysql@9.7`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crossnotes.targets import Identity, Offer, Target, TargetError, every_target, series


class RequestError(Exception):
    """A text that names no target in a version; the message says what can be asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """A target, and the series that is wanted of it; "" for whichever can be had."""

    target: Target
    series: str = ""

    @property
    def name(self) -> str:
        """What the person wrote, and what the run's ledger is called."""
        return f"{self.target.name}@{self.series}" if self.series else self.target.name

    def look(self, environment: Mapping[str, str]) -> Offer:
        """Where it would come from."""
        if not self.series:
            return self.target.look(environment)
        return self.target.look(environment, self.series)

    def check(self, identity: Identity) -> None:
        """Raise TargetError for a server of another series, which a container's tag or a program
        may turn out to be."""
        found = self.target.series(identity)
        if self.series and found != self.series:
            label = self.target.label
            raise TargetError(f"{self.name} was asked for, and the server is {label} {found}")


def parse(text: str) -> Request:
    """`mysql`, `mysql@9.7`, or `mysql@9.7.4`, which asks for its series. Raises RequestError."""
    name, at, version = text.partition("@")
    targets = every_target()
    if name not in targets:
        raise RequestError(f"unknown target {name!r}; known are: {', '.join(targets)}")
    target = targets[name]
    if not at:
        return Request(target)
    if not re.fullmatch(r"v?\d{1,9}(\.\d{1,9})*", version):
        example = target.releases[-1] if target.releases else "3.40"
        raise RequestError(
            f"{text}: {version!r} is not a version; write a series of {target.label}, such as "
            f"{name}@{example}"
        )
    numbers = tuple(map(int, version.removeprefix("v").split(".")))
    if len(numbers) < target.series_numbers:
        of_it = [each for each in target.releases if each.startswith(f"{numbers[0]}.")]
        known = f": {', '.join(f'{name}@{each}' for each in of_it)}" if of_it else ""
        raise RequestError(f"{text} names more than one series of {target.label}{known}")
    return Request(target, series(numbers, target.series_numbers))
