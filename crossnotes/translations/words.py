"""Latin words in a text, in English or among Japanese."""

import re
from collections.abc import Iterator, Sequence

TOKEN = re.compile(r"\w+|.", re.ASCII | re.DOTALL)
WORD = re.compile(r"\w*[A-Za-z]\w*", re.ASCII)


def is_latin(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def tokens(text: str) -> list[str]:
    """A text in runs of ASCII letters, digits and underscores, and single other characters."""
    return TOKEN.findall(text)


def words(text: str) -> list[str]:
    """The runs that have a letter."""
    return WORD.findall(text)


def places(wanted: Sequence[str], within: Sequence[str]) -> Iterator[int]:
    """Where a sequence of tokens stands in another."""
    for at, token in enumerate(within):
        if token == wanted[0] and within[at : at + len(wanted)] == wanted:
            yield at
