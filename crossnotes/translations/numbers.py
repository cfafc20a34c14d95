"""The numbers of a text, so that 2 million and 200 万 are one."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from babel.core import Locale

from crossnotes.translations.words import is_latin, tokens

SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "千": 1000,
    "万": 10**4,
    "億": 10**8,
}
UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
ORDINALS = "- first second third fourth fifth sixth seventh eighth ninth tenth"
TENS = "- ten twenty thirty forty fifty sixty seventy eighty ninety"
#: Words that Japanese says with a number.
IMPLIED = {
    1: "a an each every single once same another none no only any either neither whole alone",
    2: "both twice pair double second half other",
    0: "no none",
    100: "hundred hundredth",
    1000: "thousand",
    10**6: "million",
}


def _values() -> Iterator[tuple[str, str]]:
    for words in (UNITS, ORDINALS):
        yield from ((word, str(value)) for value, word in enumerate(words.split()))
    yield from ((word, str(value * 10)) for value, word in enumerate(TENS.split()))
    for value, words in IMPLIED.items():
        yield from ((word, str(value)) for word in words.split())
    for width in ("wide", "abbreviated"):
        months = Locale("en").months["format"][width]
        yield from ((name.lower(), str(value)) for value, name in months.items())


#: The values that each English word may have.
WORDS: dict[str, set[str]] = {}
for _word, _value in _values():
    WORDS.setdefault(_word, set()).add(_value)


def in_words(text: str) -> set[str]:
    """The numbers that an English text says in words, or means."""
    return {value for token in tokens(text) for value in WORDS.get(token.lower(), ())}


def in_digits(text: str) -> list[str]:
    """The numbers that stand in a text in digits: `8.5`, `1,000` as `1000`, `2 million` as
    `2000000`. Digits inside of a word, such as that of utf8mb4, are none."""
    found = []
    parts = tokens(text)
    at = 0
    while at < len(parts):
        digits = _leading_digits(parts[at])
        if not digits:
            at += 1
            continue
        whole = digits == parts[at].lower().removeprefix("v")
        at += 1
        while whole and at + 1 < len(parts) and parts[at] in ".," and parts[at + 1][:1].isdecimal():
            if parts[at] == "," and not (len(parts[at + 1]) == 3 and parts[at + 1].isdecimal()):
                break
            following = _leading_digits(parts[at + 1])
            digits += ("" if parts[at] == "," else ".") + following
            whole = following == parts[at + 1]
            at += 2
        found.append(_scaled(digits, parts[at:]))
    return found


def _leading_digits(token: str) -> str:
    """The digits of `8`, `v8` and `2nd`, but not those of `utf8`."""
    token = token.lower().removeprefix("v") if is_latin(token[:1]) else ""
    count = next((i for i, character in enumerate(token) if not character.isdecimal()), len(token))
    return token[:count]


def _scaled(digits: str, following: Sequence[str]) -> str:
    rest = [token for token in following[:2] if token not in {" ", "-"}]
    scale = SCALES.get(rest[0].lower()) if rest else None
    if scale is None or digits.count(".") > 1:
        return digits
    return str(int(Decimal(digits) * scale))
