"""Latin words in a text, in English or among Japanese."""

from collections.abc import Iterator, Sequence


def is_latin(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def tokens(text: str) -> Iterator[str]:
    """A text in runs of ASCII letters, digits and underscores, and single other characters."""
    start = 0
    for at, character in enumerate(text):
        if not is_latin(character):
            if start < at:
                yield text[start:at]
            yield character
            start = at + 1
    if start < len(text):
        yield text[start:]


def words(text: str) -> list[str]:
    """The runs that have a letter."""
    return [token for token in tokens(text) if is_latin(token[0]) and not token.isdecimal()]


def places(wanted: Sequence[str], within: Sequence[str]) -> Iterator[int]:
    """Where a sequence of tokens stands in another."""
    if not wanted:
        return
    for at, token in enumerate(within):
        if token == wanted[0] and within[at : at + len(wanted)] == wanted:
            yield at
