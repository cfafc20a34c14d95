"""What is wrong with a catalogue as a file, which no reader of catalogues says at its line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_CHARSET = re.compile(rb"charset=([\w.:-]+)")
_MESSAGE = re.compile(
    r'(?:(?P<key>msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s*)?"(?P<text>(?:[^"\\]|\\.)*)"\s*$'
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at a line (from 1) of a catalogue; `page` is the one whose message stands there,
    where the catalogue says it."""

    line: int
    message: str
    page: str = ""

    def __str__(self) -> str:
        return f"{self.message} (page {self.page})" if self.page else self.message


def fault(data: bytes) -> Fault | None:
    """The first fault of a catalogue, or None for one that can be read."""
    if data.startswith(b"\xef\xbb\xbf"):
        return Fault(1, "begins with a byte order mark; save it as UTF-8 without one")
    charset = found[1].decode() if (found := _CHARSET.search(data)) else "utf-8"
    try:
        codecs.lookup(charset)
    except LookupError as error:
        line = data[: found.start() if found else 0].count(b"\n") + 1
        return Fault(line, f"{error}; write charset=utf-8 in its head")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        page = _page_above(data[: error.start].decode(errors="replace").split("\n"))
        return Fault(line, f"not UTF-8: byte 0x{data[error.start]:02x}; save it as UTF-8", page)
    return next(_faults(text.split("\n")), None)


def _faults(lines: list[str]) -> Iterator[Fault]:
    seen: dict[tuple[str, str], int] = {}
    entry: dict[str, str] = {}
    key, begin = "", 0
    # The line of a message that has no translation yet, which may be an empty one.
    waiting = 0
    for number, line in enumerate([*lines, "msgid"], 1):
        if _CONFLICT.match(line):
            message = (
                "two versions of this catalogue were not merged; keep one and remove the other"
            )
            yield Fault(number, message, _page_above(lines[:number]))
        if number <= len(lines) and (not line.strip() or line.startswith("#")):
            continue
        match = _MESSAGE.match(line.rstrip("\r"))
        if match is None and number <= len(lines):
            message = (
                "not a line of a catalogue: the text of a msgid or msgstr is in quotes; is the "
                "line incomplete?"
            )
            yield Fault(number, message, _page_above(lines[:number]))
            continue
        started = (match["key"] if match else "msgid") or ""
        if started in ("msgid", "msgctxt") and waiting and key != "msgctxt":
            message = "a message without a msgstr; is the file incomplete?"
            yield Fault(waiting, message, _page_above(lines[:waiting]))
        if started == "msgid":
            waiting = number
        elif started.startswith("msgstr"):
            waiting = 0
        if started in ("msgid", "msgctxt") and "msgid" in entry and key.startswith("msgstr"):
            known = entry.get("msgctxt", ""), entry["msgid"]
            if known in seen:
                yield Fault(
                    begin,
                    f"the message of line {seen[known]} is here again; keep one of the two",
                    _page_above(lines[:begin]),
                )
            seen.setdefault(known, begin)
            entry = {}
        if started:
            key = started
            entry[key] = ""
            if key == "msgid":
                begin = number
        if match:
            entry[key] = entry.get(key, "") + match["text"]


def _page_above(lines: list[str]) -> str:
    """The page that the nearest comment above names."""
    for line in reversed(lines):
        if line.startswith("#: "):
            return line[3:].split()[0].partition(":")[0]
    return ""
