"""The states of a block on a database: their signs, and what is said of them in words."""

from collections.abc import Iterable, Sequence
from html import escape

from docutils import nodes

from crossnotes.result import (
    COMPILED,
    EXPECTED_TO_FAIL,
    NEEDS_PYTEST,
    NEEDS_SERVER,
    NOT_REACHED,
    ONLY_SHOWN,
)
from crossnotes.results import WORST_FIRST, Mark
from crossnotes.sphinxext import naming
from crossnotes.sphinxext.messages import _

#: Characters that are shown of an answer that a page does not expect.
LONGEST_ANSWER = 200

#: States of a block on a target, with their signs; text says the same as the sign and the colour.
SIGNS = {"passed": "✓", "failed": "✗", "excused": "○", "not-run": "–", "changed": "↻"}


def grouped(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Marks that say the same of several databases are one item."""
    groups: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        said = {"excused": mark.reason, "failed": mark.answer}.get(mark.state, "")
        key = (mark.state, said)
        groups.setdefault(key, []).append(mark)
    return list(groups.values())


def text_of(group: Sequence[Mark], translated_reason: str, names: str = "") -> str:
    """What is said of marks that say the same; `names` are the databases in other words."""
    mark = group[0]
    names = names or naming.names(group)
    date = max(m.date for m in group)
    texts = {
        "passed": _("seen to work on {databases} ({date})"),
        "failed": _("different result on {databases} ({date}): {answer}")
        if mark.answer
        else _("failed on {databases} ({date})"),
        "excused": _("not run on {databases}: {reason}") if mark.date else _("not run: {reason}"),
        "not-run": _("not run on {databases}"),
        "changed": _("changed since the last run on {databases} ({date})"),
    }
    reason = reason_text(mark.reason, translated_reason)
    return str(texts[mark.state]).format(
        databases=names, date=date, reason=reason, answer=_in_short(mark.answer)
    )


def _in_short(answer: str) -> str:
    """An answer in one line."""
    text = " ⏎ ".join(line.rstrip() for line in answer.strip().splitlines())
    return text if len(text) <= LONGEST_ANSWER else f"{text[: LONGEST_ANSWER - 1]}…"


def reason_text(reason: str, translated: str) -> str:
    """The engine's own reasons in the page's language, the page's as its catalogue has them."""
    for prefix, text in (
        (NOT_REACHED, _("not reached, since {rest} failed")),
        (EXPECTED_TO_FAIL, _("expected to fail: {rest}")),
    ):
        if reason.startswith(prefix):
            rest = reason.removeprefix(prefix).removesuffix(" failed")
            return str(text).format(rest=translated or rest)
    own = {
        COMPILED: _("compiled, not run"),
        NEEDS_SERVER: _("it needs a server"),
        NEEDS_PYTEST: _("uses pytest fixtures; run it with pytest"),
        ONLY_SHOWN: _("only shown: it is a file that no program runs"),
    }
    return translated or str(own.get(reason, reason))


def result_node(state: str, text: str) -> nodes.inline:
    item = nodes.inline(classes=["crossnotes-result", f"crossnotes-{state}"])
    item += nodes.inline("", SIGNS[state], classes=["crossnotes-sign"])
    item += nodes.Text(f" {text}")
    return item


def result_html(state: str, html: str) -> str:
    """The same as HTML, of which the text may be made of elements."""
    sign = f'<span class="crossnotes-sign">{escape(SIGNS[state])}</span>'
    return f'<span class="crossnotes-result crossnotes-{state}">{sign} {html}</span>'


def worst_of(marks: Iterable[Mark]) -> str:
    states = {mark.state for mark in marks}
    return next((state for state in WORST_FIRST if state in states), "excused")
