"""Puts drifts into translations that are right, one into each copy: `drifts(entries)` yields them.

A drift is a mistake that a translator, a machine or a later edit makes, and the gate that has to
see it. Where markup, names and numbers are, is found here by looking at the text as a person would,
and not by our own parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A message and its translation."""

    message: str
    translation: str


@dataclass(frozen=True)
class Drift:
    """A translation with one mistake in it, and the gate that has to name it."""

    kind: str
    gate: str
    message: str
    translation: str


CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
STRONG = re.compile(r"\*\*([^*]+)\*\*")
NUMBER = re.compile(r"(?<![\w./:-])\d+(?:\.\d+)*(?![\w/-])")
NAME = re.compile(r"(?<![\w/.`-])(?:TiDB|MySQL|MariaDB|SQLite|Django|Python|Windows)(?![\w/.-])")
PLACEHOLDER = re.compile(r"\$?\{\w+\}|%[ds]")
JAPANESE = "[ぁ-んァ-ヶー一-龠]"


def bare(text: str) -> str:
    """A text with its code, links' targets and labels hidden, place by place."""

    def hide(match: re.Match[str]) -> str:
        return "\0" * len(match[0])

    text = CODE.sub(hide, text)
    text = re.sub(r"(?<=\])\([^)]+\)", hide, text)
    return STRONG.sub(hide, text)


def put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


# -- kinds of drift: each yields (gate, translation) ----------------------------------------------

Kind = Callable[[Entry], Iterator[tuple[str, str]]]


def changed_code(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in CODE.finditer(entry.translation):
        yield "code", put(entry.translation, match, f"{match[0][:-1]}x`")
        yield "code", put(entry.translation, match, match[0].replace("`", "「", 1)[:-1] + "」")


def lost_code(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in CODE.finditer(entry.translation):
        yield "code", put(entry.translation, match, match[0].strip("`"))
        yield "code", put(entry.translation, match, match[0][:-1])
        if match[0] != entry.translation:
            yield "code", put(entry.translation, match, "")


def changed_link(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in LINK.finditer(entry.translation):
        yield "links", put(entry.translation, match, f"[{match[1]}]({match[2]}x)")
        yield "links", put(entry.translation, match, f"[{match[1]}]({match[2][:-1]})")


def lost_link(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in LINK.finditer(entry.translation):
        yield "links", put(entry.translation, match, match[1])
        yield "links", put(entry.translation, match, f"[{match[1]}]（{match[2]}）")
        yield "links", put(entry.translation, match, f"[{match[1]}] ({match[2]})")


def two_links(entry: Entry) -> Iterator[tuple[str, str]]:
    """The second link goes where the first does."""
    found = list(LINK.finditer(entry.translation))
    if len(found) > 1 and found[0][2] != found[1][2]:
        yield "links", put(entry.translation, found[1], f"[{found[1][1]}]({found[0][2]})")


def lost_emphasis(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in STRONG.finditer(entry.translation):
        yield "emphasis", put(entry.translation, match, match[1])
        yield "emphasis", put(entry.translation, match, f"*{match[1]}*")
        yield "emphasis", put(entry.translation, match, f"**{match[1]}")
        yield "markup", put(entry.translation, match, f"＊＊{match[1]}**")


def placeholder(entry: Entry) -> Iterator[tuple[str, str]]:
    found = list(PLACEHOLDER.finditer(bare(entry.translation)))
    for match in found:
        yield "placeholders", put(entry.translation, match, "")
        yield "placeholders", put(entry.translation, match, match[0].replace("{", "{x", 1) + "%s")
        if "{" in match[0]:
            yield "placeholders", put(entry.translation, match, match[0].replace("}", "s}"))
            yield "placeholders", put(entry.translation, match, match[0].replace("}", "｝"))


def changed_name(entry: Entry) -> Iterator[tuple[str, str]]:
    text = bare(entry.translation)
    for match in NAME.finditer(text):
        swapped = match[0][:1] + match[0][2:3] + match[0][1:2] + match[0][3:]
        yield "names", put(entry.translation, match, swapped)
        yield "names", put(entry.translation, match, match[0].upper())
        yield "names", put(entry.translation, match, f"{match[0]}X")
    known = {match[0] for match in NAME.finditer(entry.message)}
    for match in NAME.finditer(text):
        if other := next((n for n in ("MariaDB", "SQLite", "Python") if n not in known), None):
            yield "names", put(entry.translation, match, other)


def katakana_name(entry: Entry) -> Iterator[tuple[str, str]]:
    text = bare(entry.translation)
    if len(found := list(NAME.finditer(text))) == 1 and re.search(JAPANESE, text):
        yield "names", put(entry.translation, found[0], "データベース製品")


def changed_number(entry: Entry) -> Iterator[tuple[str, str]]:
    for match in NUMBER.finditer(bare(entry.translation)):
        digits = match[0].rpartition(".")[2]
        other = match[0].removesuffix(digits) + str(int(digits) + 7)
        if not re.search(rf"(?<!\d){re.escape(other)}(?!\d)", entry.message):
            yield "numbers", put(entry.translation, match, other)


def lost_number(entry: Entry) -> Iterator[tuple[str, str]]:
    found = list(NUMBER.finditer(bare(entry.translation)))
    for match in found:
        wanted = [m[0] for m in NUMBER.finditer(bare(entry.message))]
        if match[0] in wanted and [m[0] for m in found].count(match[0]) == 1:
            yield "numbers", put(entry.translation, match, "")


def left_in_english(entry: Entry) -> Iterator[tuple[str, str]]:
    if re.search(r"\b(the|of|is|in|to)\b", bare(entry.message)) and "%" not in entry.message:
        yield "untranslated", entry.message


def half_in_english(entry: Entry) -> Iterator[tuple[str, str]]:
    first, _, rest = entry.message.partition(". ")
    _translated, _, after = entry.translation.partition("。")
    if rest and after and re.search(r"\b(the|of|is|in|to)\b", bare(first)):
        yield "untranslated", f"{first}. {after}"
    if match := re.search(f"(?<={JAPANESE})を(?={JAPANESE})", bare(entry.translation)):
        yield "untranslated", put(entry.translation, match, " in the database ")


def term(entry: Entry) -> Iterator[tuple[str, str]]:
    other = {
        ("transaction", "トランザクション"): "取り引き",
        ("trade", "取引"): "トレード",
        ("", "データベース"): "データーベース",
        ("", "サーバー"): "サーバ",
        ("", "クラスター"): "クラスタ",
        ("", "リポジトリ"): "レポジトリ",
        ("", "フォルダー"): "フォルダ",
        ("", "ドライバー"): "ドライバ",
        ("igration", "マイグレーション"): "移行",
        ("virtual", "仮想環境"): "バーチャル環境",
        ("certificate", "証明書"): "サーティフィケート",
        ("", "主キー"): "プライマリキー",
        ("row lock", "行ロック"): "ロウロック",
        ("exception", "例外"): "エラー",
        ("code block", "コードブロック"): "スニペット",
    }
    for (english, wanted), instead in other.items():
        if english in entry.message and wanted in entry.translation:
            yield "glossary", entry.translation.replace(wanted, instead)


def tone(entry: Entry) -> Iterator[tuple[str, str]]:
    for polite, plain in (
        ("します。", "する。"),
        ("です。", "である。"),
        ("です。", "だ。"),
        ("ます。", "る。"),
        ("ません。", "ない。"),
        ("ました。", "た。"),
        ("してください。", "すること、とする。"),
    ):
        if polite in entry.translation:
            yield "tone", entry.translation.replace(polite, plain, 1)


def spacing(entry: Entry) -> Iterator[tuple[str, str]]:
    text = entry.translation
    for pattern, new in (
        (rf"(?<={JAPANESE}) (?=[A-Za-z0-9`])", ""),
        (rf"(?<=[A-Za-z0-9`]) (?={JAPANESE})", ""),
        (rf"(?<={JAPANESE})(?={JAPANESE})", " "),
        (r"(?<=[、。）])(?=.)", " "),
    ):
        if match := re.search(pattern, text if new == "" else bare(text)):
            yield "spacing", put(text, match, new)


def punctuation(entry: Entry) -> Iterator[tuple[str, str]]:
    text = bare(entry.translation)
    if not re.search(r"\w", text):
        return  # a mark alone, which joins other words: only they say in which language
    for good, bad in (
        ("。", "."),
        ("。", ". "),
        ("、", ", "),
        ("、", "，"),
        ("（", "("),
        ("（", " ("),
        (": ", "："),
    ):
        if match := re.search(re.escape(good), text):
            yield "punctuation", put(entry.translation, match, bad)
    if entry.translation.endswith("。") and entry.message.endswith("."):
        yield "punctuation", entry.translation[:-1]


def character(entry: Entry) -> Iterator[tuple[str, str]]:
    text = PLACEHOLDER.sub(lambda match: "\0" * len(match[0]), bare(entry.translation))
    for pattern, new in (
        (rf"(?<={JAPANESE})(?={JAPANESE})", "\u200b"),
        (rf"(?<={JAPANESE})(?={JAPANESE})", "\u00ad"),
        (r"(?<=[^\0])(?=[^\0])", "\ufeff"),
        (rf"(?<={JAPANESE}) ", "\u00a0"),
        (rf"(?<={JAPANESE}) ", "\u3000"),
        (r"(?<=[ァ-ヶー])カ(?=[ァ-ヶー])", "力"),
        (r"(?<=[ァ-ヶー])ロ(?=[ァ-ヶー])", "口"),
        (r"(?<=[ァ-ヶー])タ(?=[ァ-ヶー])", "夕"),
        (r"(?<=[ァ-ヶ])ー", "一"),
        (r"(?<=[ァ-ヶ])ー(?=[ァ-ヶ])", "—"),
        (r"(?<=[ぁ-ん])へ(?=[ぁ-ん])", "ヘ"),
        (r"が", "か\u3099"),
        (r"デ", "テ\u3099"),
        (r"ド", "ﾄﾞ"),
        (r"o", "о"),  # the second is Cyrillic
        (r"a", "а"),  # and this one
        (r"(?<!\d)\d(?!\d)", "５"),
        (r"D", "Ｄ"),
        (r"実", "实"),
        (r"続", "续"),
        (r"行", "⾏"),
    ):
        if match := re.search(pattern, text):
            yield "characters", put(entry.translation, match, new)


def block(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "markup", f"```\n{entry.translation}\n```"
    yield "markup", f"{entry.translation}\n\n{entry.translation}"


def unfinished(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "missing", ""


KINDS: Sequence[Kind] = (
    changed_code,
    lost_code,
    changed_link,
    lost_link,
    two_links,
    lost_emphasis,
    placeholder,
    changed_name,
    katakana_name,
    changed_number,
    lost_number,
    left_in_english,
    half_in_english,
    term,
    tone,
    spacing,
    punctuation,
    character,
    block,
    unfinished,
)


def drifts(entries: Sequence[Entry]) -> list[Drift]:
    """Every drift of these translations."""
    return [
        Drift(kind.__name__, gate, entry.message, translation)
        for kind in KINDS
        for entry in entries
        for gate, translation in kind(entry)
        if translation != entry.translation
    ]
