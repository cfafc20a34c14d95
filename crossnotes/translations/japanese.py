"""How Japanese is written here: spaces, punctuation, です・ます, and characters that are others.

The one rule of spacing, which docs/guides/translate.md states: a half-width space stands between
Japanese and Latin letters, digits or code, and no space stands beside full-width punctuation or
inside of Japanese. Punctuation is full-width, but for the colon, which is half-width with a space
after it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from crossnotes.translations.markup import EXPLANATION, Piece

#: Stands for code in a flat text, and for what may be drawn as anything, such as a role. Both are
#: of the category Co, so that they are no character of any message.
CODE, OBJECT = "\ue000", "\ue001"

CLOSING = frozenset("）」』")
PUNCTUATION = frozenset("、。，．・：；！？（）「」『』【】〈〉《》〔〕／")
#: What holds the words of a screen.
LABELS = frozenset({"strong", "em", "guilabel"})
#: What, in English, is the name of something, and keeps its punctuation.
TITLES = LABELS | {"link"}
POLITE = (
    "です",
    "ます",
    "ません",
    "でした",
    "ました",
    "ください",
    "ましょう",
    "でしょう",
    "ですか",
    "ますか",
    "ませんか",
    "でしょうか",
    "ましょうか",
)
#: Hiragana that end a noun phrase, not a sentence in plain form.
NOMINAL = (
    "から",
    "まで",
    "より",
    "のみ",
    "など",
    "だけ",
    "ため",
    "こと",
    "もの",
    "とき",
    "ところ",
    "ほか",
    "まま",
    "ほど",
    "なし",
    "あり",
    "とおり",
    "うち",
    "あと",
    "はず",
    "たび",
    "ごと",
    "よう",
)
PLAIN = ("である", "であった", "だった")


def is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30ff" and character not in ("・", "゛", "゜")


def is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def is_katakana(character: str) -> bool:
    return "\u30a1" <= character <= "\u30ff" and character != "・"


def is_kanji(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or character in ("々", "〆")


def is_japanese(character: str) -> bool:
    return is_kana(character) or is_kanji(character)


def is_latin(character: str) -> bool:
    return character == CODE or (character.isascii() and character.isalnum()) or character == "%"


def has_japanese(text: str) -> bool:
    return any(map(is_japanese, text))


def flat(pieces: Sequence[Piece]) -> list[str]:
    """The text as a reader sees it, in one line for the sentences, one for images, and one for each
    explanation of an abbreviation."""
    lines: dict[int, str] = {}
    for place, piece in enumerate(pieces, 2):
        stand_in = {"text": piece.text, "code": CODE}.get(piece.kind, OBJECT)
        if TITLES & set(piece.inside) and not has_japanese(piece.text):
            stand_in = CODE
        line = place if EXPLANATION in piece.inside else int("image" in piece.inside)
        lines[line] = lines.get(line, "") + stand_in
    return list(lines.values())


def around(text: str, at: int) -> str:
    """The place of a character, for a person."""
    start, end = max(0, at - 6), at + 7
    shown = text[start:end].replace(CODE, "`…`").replace(OBJECT, "…")
    return f"「{shown}」"


# ---- spacing


def spacing(text: str) -> Iterator[str]:
    """Where a space is missing, or one is too many."""
    for at, (one, other) in enumerate(pairwise(text)):
        if (is_japanese(one) and is_latin(other)) or (is_latin(one) and is_japanese(other)):
            yield f"no space in {around(text, at)}: put one between Japanese and Latin or code"
    for at in range(1, len(text) - 1):
        before, after = text[at - 1], text[at + 1]
        if text[at] != " ":
            continue
        if is_japanese(before) and is_japanese(after):
            yield f"a space between Japanese in {around(text, at)}: remove it"
        elif before in PUNCTUATION or after in PUNCTUATION:
            yield f"a space beside full-width punctuation in {around(text, at)}: remove it"
        elif after == " " and has_japanese(before + text[at + 1 :].lstrip()[:1]):
            yield f"two spaces in {around(text, at)}: leave one"


# ---- punctuation


def punctuation(text: str) -> Iterator[str]:
    """Punctuation that belongs to the other language."""
    japanese = has_japanese(text)
    for at, character in enumerate(text):
        wanted = _anywhere(text, at, character)
        if japanese and not wanted:
            wanted = _among_japanese(text, at, character)
        if wanted:
            yield f"{character} in {around(text, at)}: write {wanted}"


def _beside(text: str, at: int) -> tuple[str, str]:
    return text[at - 1] if at else "", text[at + 1] if at + 1 < len(text) else ""


def _anywhere(text: str, at: int, character: str) -> str:
    """What to write instead, even where there are only names."""
    before, after = _beside(text, at)
    match character:
        case "，":
            return "、"
        case "．":
            return "。"
        case "：":
            return "a half-width colon with a space after it"
        case "," if not after.strip() and not before.isspace():
            return "、"
    return ""


def _among_japanese(text: str, at: int, character: str) -> str:
    before, after = _beside(text, at)
    beside = any(map(is_japanese, before + after))
    match character:
        case "," if beside:
            return "、"
        case "." if is_japanese(before) or before in CLOSING:
            return "。"
        case "." if not at and not after.isalnum():
            return "。"  # a message that goes on after another one
        case "." if not after.strip() and is_latin(before):
            return "。"
        case ";" if not after.strip() or beside:
            return "。 or 、"
        case "!" | "?" if is_japanese(before) or before in CLOSING:
            return {"!": "！", "?": "？"}[character]
        case "(" if not _is_call(text, at) or not before.strip():
            return "（"
        case ")" if not _is_call(text, text.rfind("(", 0, at)):
            return "）"
        case ":" if is_japanese(after) or (is_japanese(before) and after.strip()):
            return "a colon with a space after it"
        case '"' | "“" | "”" if beside:
            return "「 and 」"
    return ""


def _is_call(text: str, opening: int) -> bool:
    """Whether a bracket opens the Latin end of a Latin word, as in `f(x)`."""
    if opening < 1 or not is_latin(text[opening - 1]) or text[opening - 1] == CODE:
        return False
    inside = text[opening + 1 :].partition(")")
    return bool(inside[1]) and not has_japanese(inside[0]) and "）" not in inside[0]


# ---- です・ます


def sentences(text: str) -> Iterator[str]:
    """The sentences that end in 。, without what is quoted or in brackets; those in brackets by
    themselves."""
    depth: list[str] = []
    own = ""
    for character in text:
        if character in "（「『":
            depth.append("")
        elif character in CLOSING and depth:
            inner = depth.pop()
            if character == "）":
                yield from (f"{each}。" for each in inner.split("。")[:-1])
            else:
                own += OBJECT
        elif depth:
            depth[-1] += character
        else:
            own += character
            if character == "。":
                yield own
                own = ""
    if own:
        yield own


def tone(text: str) -> Iterator[str]:
    """Sentences that are not in です・ます."""
    for sentence in sentences(text):
        bare = sentence.removesuffix("。").rstrip(" !?！？")
        ended = sentence.endswith("。")
        if bare.endswith(PLAIN) or (ended and _is_plain(bare)):
            yield f"「{bare[-12:].replace(CODE, '`…`')}」 is not です・ます: write it so"


def _is_plain(bare: str) -> bool:
    if not bare or bare.endswith(POLITE) or bare.endswith(NOMINAL):
        return False
    return is_hiragana(bare[-1])


# ---- characters

#: Characters that look like katakana, where they stand among it.
LOOK_ALIKES = dict(zip("力口二卜八工夕才千三", "カロニトハエタオチミ", strict=True))
LOOK_ALIKES |= dict.fromkeys("一―—–−‐─-", "ー")
#: Katakana that look like hiragana, where they stand among it, and the other way round.
HIRAGANA = dict(zip("ヘベペリ", "へべぺり", strict=True))
KATAKANA = {hiragana: katakana for katakana, hiragana in HIRAGANA.items()}
#: Only katakana goes before these.
SMALL = frozenset("ッャュョァィゥェォー")
#: Japanese letters that are written alike in the other scripts of these.
FOREIGN = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def characters(text: str, known: str) -> Iterator[str]:
    """Characters that a reader can't see, or takes for others. Those that the English text,
    `known`, shows as well are meant."""
    for at, character in enumerate(text):
        if character in known and character != "-":
            continue
        if problem := _problem(text, at, character):
            yield f"{problem} in {around(text, at)}"


def _problem(text: str, at: int, character: str) -> str:
    if character in (CODE, OBJECT) or (" " <= character <= "~" and character != "-"):
        return ""
    shown = f"{character} (U+{ord(character):04X} {unicodedata.name(character, '')})".rstrip()
    category = unicodedata.category(character)
    if category in ("Cf", "Cc", "Co", "Cn", "Zl", "Zp"):
        return f"the invisible character {shown[2:]}: remove it"
    if category == "Zs":
        return f"the space {shown[2:]}: write a common one, or none"
    if category == "Mn":
        return f"the combining character {shown[2:]}: write it and the one before it as one"
    normal = unicodedata.normalize("NFKC", character)
    # Radicals such as ⾏ are symbols, not letters.
    if normal != character and (category[0] == "L" or category == "Nd" or is_kanji(normal[0])):
        return f"{shown}: write {normal}"
    if category[0] == "L" and not is_japanese(character):
        return _foreign(character, shown)
    if is_kanji(character) and not _is_in_japan(character):
        return f"{shown}, which Japanese does not use: write the Japanese character"
    before, after = (beside or " " for beside in _beside(text, at))
    meant = _meant(character, before, after)
    return f"{shown}: write {meant}" if meant else ""


def _foreign(character: str, shown: str) -> str:
    script = unicodedata.name(character, "").split(" ")[0]
    return f"the {script.title()} letter {shown}: write the Latin one" if script in FOREIGN else ""


def _is_in_japan(character: str) -> bool:
    try:
        character.encode("iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True


def _meant(character: str, before: str, after: str) -> str:
    """What a look-alike stands for, by what is beside it; nothing where it is itself."""
    if character in LOOK_ALIKES and is_katakana(before):
        # サーバ一を is none of 一つ, 一覧 and 一度.
        ends = character == "一" and not is_kanji(after) and after != "つ"
        return LOOK_ALIKES[character] if ends or is_katakana(after) else ""
    if character in HIRAGANA and not is_katakana(before) and not is_katakana(after):
        among = is_hiragana(before) or is_hiragana(after)
        return HIRAGANA[character] if among else ""
    if character in KATAKANA and after in SMALL:
        return KATAKANA[character]
    if character == "ー" and not is_kana(before):
        return "a hyphen, a minus or 一"
    return ""
