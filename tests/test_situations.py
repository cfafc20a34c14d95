"""Situations of authors in one run: what is right passes, what is not is named at its line."""

import re

from .conftest import Repository, command
from .situations import Situation, situations

ALL = list(situations())


def test_situations_are_many_and_each_is_another() -> None:
    assert len({one.text for one in ALL}) == len(ALL) >= 200


def test_every_situation_has_its_verdict(repository: Repository) -> None:
    for number, one in enumerate(ALL):
        repository.page(one.text, f"s{number}.md")
    run = command("test", "docs", "--no-reuse", "--keep-going", cwd=repository.root)
    assert run.returncode == 1, run.stdout + run.stderr
    named: dict[int, list[tuple[int, str]]] = {}
    place = re.compile(r"^docs/s(\d+)\.md:(\d+): (?:\[[^]]*\] )?(.*)", re.MULTILINE)
    for number, line, message in place.findall(run.stdout):
        named.setdefault(int(number), []).append((int(line), message))
    wrong = [each for number, one in enumerate(ALL) if (each := unlike(one, named.get(number, [])))]
    assert wrong == [], "\n\n".join(wrong)


def unlike(one: Situation, named: list[tuple[int, str]]) -> str:
    """How the verdict of a run differs from that of a situation; "" where it does not."""
    if one.verdict is None:
        return f"{one.kind}: {one.text}\nis right, and is refused: {named}" if named else ""
    line, message = one.verdict
    if any((at, said[: len(message)]) == (line, message) for at, said in named):
        return ""
    return f"{one.kind}: {one.text}\nis to be named at {line}: {message}\nand is: {named}"
