"""The gates that a translated message has to pass.

A gate looks at one message and its translation, and yields what is wrong and what to do about it.
Some hold in every language; the others are the style of one, and `gates_for` chooses them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from crossnotes.translations import japanese, numbers
from crossnotes.translations.glossary import Found, Glossary, contains
from crossnotes.translations.markup import EXPLANATION, Markup
from crossnotes.translations.words import tokens, words

#: Written as they are in every language; a count that differs is markup that fell apart.
MARKS = "*`[]{}<>|"

#: English words that stand in no Japanese sentence.
ENGLISH_WORDS = """
a all an and any are as at be but by can does every for from has have if in into is it its must
never no not of on only or that the their then there these they this to was were when which will
with you your
"""
ENGLISH = frozenset(ENGLISH_WORDS.split())


@dataclass(frozen=True)
class Pair:
    """A message and its translation, as they stand in the catalogue and taken apart."""

    message: str
    translated: str
    source: Markup
    translation: Markup
    glossary: Glossary
    language: str = "ja"

    @cached_property
    def is_translated(self) -> bool:
        """Whether it says anything in its language, and is not a name that stays as it is."""
        return self.is_japanese if self.language == "ja" else self.translated != self.message

    @cached_property
    def is_japanese(self) -> bool:
        return any(map(japanese.has_japanese, self.translation.plain()))

    @cached_property
    def labels(self) -> set[str]:
        """The words of a screen that the translation has as they are."""
        kept = [_labels(self.source), _labels(self.translation)]
        return kept[0] & kept[1]

    def words_of(self, markup: Markup) -> str:
        """The words that are for translation, without code and without the labels."""
        return "".join(
            piece.text if piece.kind == "text" and piece.text not in self.labels else "\n"
            for piece in markup.pieces
        )

    @cached_property
    def source_words(self) -> str:
        return self.words_of(self.source)

    @cached_property
    def found(self) -> Found:
        """What of the glossary stands in the message."""
        return self.glossary.find(self.source_words)

    @cached_property
    def translation_words(self) -> str:
        return self.words_of(self.translation)

    @cached_property
    def lines(self) -> list[str]:
        return japanese.flat(self.translation.pieces)


Gate = Callable[[Pair], Iterator[str]]


def _labels(markup: Markup) -> set[str]:
    return {piece.text for piece in markup.pieces if japanese.LABELS & set(piece.inside)}


# ---- markup


def _differences(source: Counter[str], translation: Counter[str]) -> Iterator[tuple[str, str]]:
    """What is lost and what is new, as a person would say it."""
    for each, count in (source - translation).items():
        yield each, "is lost" if count == 1 else f"is lost {count} times"
    for each, count in (translation - source).items():
        known = each in source
        times = "once" if count == 1 else f"{count} times"
        yield each, f"is there {times} too often" if known else "is not in the original"


def code(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.code, pair.translation.code):
        yield f"`{each}` {what}: code is the same in both languages"


def links(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.links, pair.translation.links):
        kind = "the image" if each.startswith("!") else "the link to"
        yield f"{kind} {each.removeprefix('!')} {what}: write the same targets"
    if any("][" in text for text in pair.source.plain()):
        yield "[text][name] is not a link in a translation: give the page an inline link [text](…)"


def roles(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.roles, pair.translation.roles):
        yield f"{each} {what}: write the same ones"


def emphasis(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.emphasis, pair.translation.emphasis):
        yield f"emphasis by {each} {what}: emphasize what the original does"


def placeholders(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.placeholders, pair.translation.placeholders):
        yield f"the placeholder {each} {what}: write the same ones"
    # Named ones can go anywhere, the others are filled in from left to right.
    if pair.source.placeholders == pair.translation.placeholders and "%(" not in pair.message:
        kept = ([p for p in m.placeholders if p[0] == "%"] for m in (pair.source, pair.translation))
        one, other = kept
        if one != other:
            yield f"{' and '.join(other)} are in another order than {' and '.join(one)}"


def markup(pair: Pair) -> Iterator[str]:
    for each, what in _differences(pair.source.blocks, pair.translation.blocks):
        yield f"{each} {what}: a translation is one paragraph"
    counts = [Counter(c for c in m.text if c in MARKS) for m in (pair.source, pair.translation)]
    shown = "".join(mark for mark in MARKS if counts[1][mark] > counts[0][mark])
    if shown:
        hint = " (** beside 「 or （ needs a letter between)" if "*" in shown else ""
        yield f"{shown} is shown to the reader: the markup is not closed, or not one{hint}"


# ---- numbers and names


def number(pair: Pair) -> Iterator[str]:
    wanted = set(numbers.in_digits(pair.source_words))
    found = set(numbers.in_digits(pair.translation_words))
    for each in sorted(wanted - found):
        yield f"{each} is lost: write the same numbers"
    for each in sorted(found - wanted - numbers.in_words(pair.source_words)):
        yield f"{each} is not in the original: write the same numbers"


def names(pair: Pair) -> Iterator[str]:
    found = pair.found
    every_word = _words_and_singular(pair.source.text)
    new = dict.fromkeys(w for w in words(pair.translation_words) if w not in every_word)
    # A label that stays as it is may be explained in Japanese beside it.
    terms = pair.glossary.find(pair.source.text).terms if new else ()
    allowed = {w for term in terms for ja in term.translations for w in words(ja)}
    for word in new:
        if word not in allowed:
            yield f"{word} is not in the original: {_instead(pair, word)}"
    if not pair.is_japanese:
        return
    for name in found.names:
        if not contains(pair.translation.text, name):
            yield f"the name {name} is lost: names stay as they are"
    kept = _words_and_singular(pair.translation.text)
    translated = {w for term in found.terms for pattern in term.patterns for w in pattern}
    for word in dict.fromkeys(w for token in found.rest for w in words(token)):
        if _is_like_a_name(word) and word.lower() not in translated:
            singular = word.removesuffix("s")
            if word not in kept and singular not in kept:
                yield f"{word} is lost: names and abbreviations stay as they are"


def _words_and_singular(text: str) -> set[str]:
    found = words(text)
    return {*found, *(word.removesuffix("s") for word in found)}


def _is_like_a_name(word: str) -> bool:
    """TiDB, SQL, macOS, utf8, but not Table, A and ONLY."""
    if word.lower() in ENGLISH:
        return False
    inner = word[1:].removesuffix("s")
    return any(c.isupper() or c.isdecimal() for c in inner) and not word[0].isdecimal()


def _instead(pair: Pair, word: str) -> str:
    if word in {w for code in pair.source.code for w in words(code)}:
        return f"it is code there, write `{word}`"
    return f"write it as there, in Japanese, or give it a term in {pair.glossary.path}"


# ---- words


def term(pair: Pair) -> Iterator[str]:
    if not pair.is_translated:
        return
    # Labels count here: the term may be one of them.
    text = pair.translation.text
    avoided = set()
    for bad, each, longer in pair.glossary.avoided:
        if bad in text and bad in _without(text, longer):
            avoided.add(each)
            instead = each.translations[0]
            yield f"「{bad}」 is to be 「{instead}」 by {pair.glossary.path}: {each.reason}"
    for each in pair.found.terms:
        if each in avoided or any(contains(text, ja) for ja in each.translations):
            continue
        wanted = " or ".join(f"「{translation}」" for translation in each.translations)
        yield f"{each.english!r} is {wanted} in {pair.glossary.path}: {each.reason}"


def _without(text: str, longer: tuple[str, ...]) -> str:
    for each in sorted(longer, key=len, reverse=True):
        text = text.replace(each, "\n")
    return text


def same(pair: Pair) -> Iterator[str]:
    """A translation that is the message itself, where that has words and is no name."""
    if pair.translated == pair.message and (left := [word for word in _common_words(pair) if word]):
        shown = " ".join(left)
        yield f"is not translated ({shown}): translate it, or add a name to {pair.glossary.path}"


def untranslated(pair: Pair) -> Iterator[str]:
    if pair.is_japanese:
        yield from _left_in_english(pair)
        yield from _not_explained(pair)
        return
    left = [word for word in _common_words(pair) if word]
    if left:
        shown = " ".join(left)
        yield f"is in English ({shown}): translate it, or add a name to {pair.glossary.path}"


def _common_words(pair: Pair) -> Iterator[str]:
    """The words of a source that are neither names nor parts of a path or an identifier."""
    rest = "".join(pair.found.rest)
    for part in rest.split():
        inner = part.strip(".,:;!?()'\"")
        if any(c in inner for c in "./_\\@=") or any(map(_is_like_a_name, words(inner))):
            continue
        yield " ".join(word for word in words(inner) if len(word) > 1)


def _left_in_english(pair: Pair) -> Iterator[str]:
    rest = "".join(pair.glossary.find(pair.translation_words).rest)
    run: list[str] = []
    for token in [*tokens(rest), "\n"]:
        if words(token):
            run.append(token)
        elif token not in {" ", ",", "-", "'"}:
            if ENGLISH & set(run) and len(run) > 1:
                yield f"「{' '.join(run)}」 is in English: translate it"
            run = []


def _not_explained(pair: Pair) -> Iterator[str]:
    """Explanations of abbreviations, each of which is a text by itself."""
    for piece in pair.translation.pieces:
        if EXPLANATION not in piece.inside or japanese.has_japanese(piece.text):
            continue
        rest = "".join(pair.glossary.find(piece.text).rest)
        if any(word.islower() and len(word) > 1 for word in words(rest)):
            yield f"「{piece.text}」 is in English: translate it"


# ---- the way Japanese is written


def spacing(pair: Pair) -> Iterator[str]:
    for line in pair.lines:
        yield from japanese.spacing(line)
    yield from ends(pair)


def ends(pair: Pair) -> Iterator[str]:
    # What is put together from messages needs the spaces at their ends; 、 brings its own.
    for side, end in (("begins", 0), ("ends", -1)):
        one, other = (text[end : end + 1 or None] for text in (pair.message, pair.translated))
        if one.isspace() != other.isspace() and other not in japanese.PUNCTUATION:
            what = "no space" if one.isspace() else "a space"
            yield f"{side} with {what}, unlike the original: make them alike"


def punctuation(pair: Pair) -> Iterator[str]:
    for line in pair.lines:
        yield from japanese.punctuation(line)
    ends = pair.translated.rstrip("）」』*` \n")
    if pair.message.endswith(".") and pair.is_japanese and ends[-1:] not in tuple("。！？"):
        yield "does not end in 。, but the original is a sentence: write the 。"


def tone(pair: Pair) -> Iterator[str]:
    for line in pair.lines:
        yield from japanese.tone(line)


def characters(pair: Pair) -> Iterator[str]:
    for text in pair.translation.plain():
        yield from japanese.characters(text, pair.message)


#: Each gate under the name by which a comment in the catalogue allows an exception. These hold in
#: every language.
COMMON: Mapping[str, Gate] = {
    "code": code,
    "links": links,
    "roles": roles,
    "emphasis": emphasis,
    "placeholders": placeholders,
    "markup": markup,
    "glossary": term,
    "untranslated": same,
    "spacing": ends,
}
#: The style of Japanese, for pages that are written in English.
JAPANESE: Mapping[str, Gate] = {
    "code": code,
    "links": links,
    "roles": roles,
    "emphasis": emphasis,
    "placeholders": placeholders,
    "markup": markup,
    "numbers": number,
    "names": names,
    "glossary": term,
    "untranslated": untranslated,
    "spacing": spacing,
    "punctuation": punctuation,
    "tone": tone,
    "characters": characters,
}
STYLES: Mapping[str, Mapping[str, Gate]] = {"ja": JAPANESE}

#: All gates that there are, by which comments are read.
GATES = JAPANESE  # which has all of them


def gates_for(language: str) -> Mapping[str, Gate]:
    """The gates that translations into a language have to pass."""
    return STYLES.get(language.partition("_")[0], COMMON)
