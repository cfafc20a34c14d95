"""What stands below a block of a page in HTML: its answers, what went wrong, and one quiet line of
who was asked, which unfolds; and the line at the head of the page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from html import escape

from crossnotes.page import Snippet
from crossnotes.result import COMPILED, NEEDS_PYTEST, NEEDS_RIGHTS, NEEDS_SERVER, ONLY_SHOWN
from crossnotes.results import Mark
from crossnotes.sphinxext import naming
from crossnotes.sphinxext.answers import (
    Answer,
    Said,
    Variant,
    answers,
    below_block,
    in_order,
    label_of,
    product_of,
)
from crossnotes.sphinxext.html import Html, drawn, element, lines, rows
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.states import (
    SIGNS,
    grouped,
    reason_text,
    result_html,
    text_of,
    worst_of,
)

#: Reasons that say nothing of the block, but of where it could be run: they are told in the chip.
_QUIET = {COMPILED, NEEDS_PYTEST, NEEDS_RIGHTS, NEEDS_SERVER, ONLY_SHOWN}

#: Databases that are named; of more, their number.
_NAMED = 2


def below(snippet: Snippet, marks: Sequence[Mark], reason: str, matrix: str, ask: str = "") -> Html:
    """All of it. `reason` is the page's own for not running the block, in the page's language;
    `matrix` the address of the page with all results, `ask` that of an issue about the block, or
    ""."""
    html, words = "", ""
    shown: set[int] = set()
    if snippet.outputs:
        found = answers(_answering(snippet, marks), partial(below_block, snippet))
        html, words = _table(found), "\n".join(v.said.text for a in found for v in a.variants)
        shown = {id(mark) for a in found for mark in a.marks if mark.answer}
    quiet = [mark for mark in marks if mark.state == "excused" and mark.reason in _QUIET]
    passed = [mark for mark in marks if mark.state == "passed"]
    told = [*passed, *quiet] if passed else []
    loud = [mark for mark in marks if id(mark) not in shown and mark not in told]
    items = "".join(
        result_html(group[0].state, escape(text_of(group, reason, _in_short(group, marks))))
        for group in grouped(loud)
    )
    html += element("p", items, class_="crossnotes-mark") if items else ""
    html += _chip(passed, quiet, matrix) if passed else ""
    return drawn(element("div", html, class_="crossnotes-below"), words)


def only(snippet: Snippet, marks: Iterable[Mark], products: Collection[str]) -> Html | None:
    """What begins a block that is not for all of a page's databases, and ends with `</details>`;
    None for others, and for one in a tab, which says so itself."""
    own = in_order(product_of(mark.target) for mark in marks)
    if not snippet.targets or snippet.tabs or set(own) >= set(products):
        return None
    names = str(_(", ")).join(map(label_of, own))
    said = escape(str(_("Only on {databases}")).format(databases=names))
    databases = escape(" ".join(own))
    begin = f'<details class="crossnotes-only" data-db="{databases}" open><summary>'
    return drawn(f"{begin}{said}</summary>")


def _in_short(group: Sequence[Mark], marks: Iterable[Mark]) -> str:
    """The databases of marks without their deployments, where it is all that there are; else ""."""
    products = {product_of(mark.target) for mark in group}
    of_group = {mark.target for mark in group}
    every = {mark.target for mark in marks if product_of(mark.target) in products}
    return _databases(group, len(products)) if every == of_group else ""


# -- answers --------------------------------------------------------------------------------------

#: States of a database that once answered, or never did, and for which the page's word stands.
_UNCONFIRMED = {
    "changed": _("changed since the last run"),
    "not-run": _("not run"),
}


def _answering(snippet: Snippet, marks: Sequence[Mark]) -> list[Mark]:
    """Those whose answers are shown. Where nothing was run that is all; else not those that gave
    none, unless nobody else has what the page expects of them."""
    asked = [mark for mark in marks if mark.state not in ("excused", "not-run")]
    if not asked:
        return list(marks)
    told = {below_block(snippet, mark) for mark in asked}
    return [
        mark
        for mark in marks
        if mark in asked or (mark.state == "not-run" and below_block(snippet, mark) not in told)
    ]


def _table(found: Sequence[Answer]) -> str:
    """A line for each different answer, with the databases that gave it."""
    groups: dict[tuple[tuple[str, Said], ...], list[Answer]] = {}
    for answer in found:
        groups.setdefault(answer.said, []).append(answer)
    if not groups:
        return ""
    every = [_row(group, alone=len(groups) == 1) for group in groups.values()]
    more = ""
    if len(every) > 1:
        text = _("{number} other answers") if len(every) > 2 else _("1 other answer")
        more = element(
            "button",
            escape(str(text).format(number=len(every) - 1)),
            type="button",
            class_="crossnotes-more",
            aria_expanded="false",
        )
    table = element("table", element("tbody", "".join(every)), class_="crossnotes-answers-table")
    return element("div", table + more, class_="crossnotes-answers")


def _row(group: Sequence[Answer], alone: bool) -> str:
    variants = group[0].variants
    failed = any(variant.said.state == "failed" for variant in variants)
    confirmed = not any(mark.state in _UNCONFIRMED for answer in group for mark in answer.marks)
    if alone and confirmed and not failed and len(variants) == 1:
        head = escape(str(_("Output")))
    else:
        head = escape(str(_(", "))).join(map(_name, group))
    if len(variants) == 1:
        head += _otherwise(variants[0])
        cell = lines(variants[0].said.text)
    else:
        cell = "".join(map(_variant, variants))
    return element(
        "tr",
        element("th", head, scope="row") + element("td", cell),
        data_db=" ".join(answer.product for answer in group),
        class_="crossnotes-failed" if failed else "",
    )


def _name(answer: Answer) -> str:
    """A database, with a sign where it did not say so now; the line below says it in words."""
    states = {mark.state for mark in answer.marks}
    signs = "".join(
        element("abbr", SIGNS[state], title=str(text), class_=f"crossnotes-{state}")
        for state, text in _UNCONFIRMED.items()
        if state in states
    )
    return f"{escape(answer.label)} {signs}".strip()


def _otherwise(variant: Variant) -> str:
    if variant.said.state != "failed":
        return ""
    return " " + result_html("failed", escape(str(_("different result"))))


def _variant(variant: Variant) -> str:
    name = element("small", escape(variant.name) + _otherwise(variant))
    return element("div", f"{name} {lines(variant.said.text)}", class_="crossnotes-variant")


# -- who was asked --------------------------------------------------------------------------------


def _chip(passed: Sequence[Mark], quiet: Sequence[Mark], matrix: str) -> str:
    seen = str(_("seen to work on {databases}")).format(databases=_databases(passed))
    date = max(mark.date for mark in passed)
    said = result_html("passed", f"{escape(seen)} · {escape(date)}")
    if quiet:
        text = str(_("not run on {databases}")).format(databases=_databases(quiet))
        said += " " + result_html("excused", escape(text))
    table = element("table", rows(map(_escaped, [*_ran(passed), *_excused(quiet)])))
    return _unfolds(said, table + _link(matrix), "crossnotes-chip")


def _unfolds(summary: str, inside: str, name: str) -> str:
    return element("details", element("summary", summary) + inside, class_=name)


def _link(matrix: str) -> str:
    text = escape(str(_("All pages and databases")))
    return element("a", text, href=matrix, class_="crossnotes-all") if matrix else ""


def _question(address: str) -> str:
    """The link to an issue, of which crossnotes-issue.js makes one for each block."""
    text = escape(str(_("Was this right on your version?")))
    link = element("a", text, href=address, class_="crossnotes-all crossnotes-issue")
    return f" {link}" if address else ""


def _escaped(cells: Iterable[str]) -> list[str]:
    return [escape(cell) for cell in cells]


def _databases(marks: Sequence[Mark], named: int = _NAMED) -> str:
    """One or two databases with their versions, or how many there are."""
    found = answers(marks, lambda mark: Said(mark.state))
    if len(found) > named:
        return str(_("{number} databases")).format(number=len(found))
    return naming.listed(
        (answer.label, dict.fromkeys(mark.version for mark in answer.marks)) for answer in found
    )


def _ran(marks: Iterable[Mark]) -> list[tuple[str, str, str]]:
    """A database with its versions, when, and how it was had; a line each that differs."""
    versions: dict[tuple[str, str, str], list[str]] = {}
    for mark in marks:
        key = (mark.label, mark.date, naming.how(mark.target, mark.where))
        versions.setdefault(key, []).append(mark.version)
    return [
        (naming.listed([(label, dict.fromkeys(found))]), date, how)
        for (label, date, how), found in versions.items()
    ]


def _excused(marks: Iterable[Mark]) -> list[tuple[str, str, str]]:
    return [
        (mark.label, str(_("not run")), reason_text(mark.reason, ""))
        for mark in {(mark.label, mark.reason): mark for mark in marks}.values()
    ]


# -- the head of a page ---------------------------------------------------------------------------


def summary(marks: Mapping[int, Sequence[Mark]], matrix: str, issue: str = "") -> Html | None:
    """How the blocks of a page did, in one line that unfolds; None for a page without any. `issue`
    is where a reader says that it was not right, or ""."""
    every = [mark for of_block in marks.values() for mark in of_block]
    if not every:
        return None
    by_version: dict[str, list[Mark]] = {}
    for mark in every:
        by_version.setdefault(mark.key, []).append(mark)
    ran = {k: found for k, found in by_version.items() if any(m.state == "passed" for m in found)}
    said = ""
    if ran:
        passed = [mark for found in ran.values() for mark in found]
        text = str(_("run on {databases}, last on {date}")).format(
            databases=_databases(passed), date=max(mark.date for mark in passed)
        )
        said = result_html("passed", escape(text))
    texts = {
        "failed": _("{number} failed on {databases}"),
        "changed": _("{number} changed since the last run on {databases}"),
        "not-run": _("{number} not run on {databases}"),
    }
    asked = {key for key, found in by_version.items() if not _is_never(found)}
    for state, text in texts.items():
        blocks = [
            [m for m in each if m.state == state and m.key in asked] for each in marks.values()
        ]
        if any(blocks):
            names = _databases([mark for of_block in blocks for mark in of_block])
            told = str(text).format(number=sum(map(bool, blocks)), databases=names)
            said += " " + result_html(state, escape(told))
    never = [found for found in by_version.values() if _is_never(found)]
    if never:
        names = _databases([found[0] for found in never])
        text = str(_("not run on {databases}")).format(databases=names)
        has_reasons = any(mark.state == "excused" for found in never for mark in found)
        said += " " + result_html("excused" if has_reasons else "not-run", escape(text))
    table = element("table", rows(map(_of_version, by_version.values())))
    return drawn(
        _unfolds(said.strip(), table + _link(matrix) + _question(issue), "crossnotes-summary")
    )


def _is_never(marks: Iterable[Mark]) -> bool:
    return all(mark.state in ("excused", "not-run") for mark in marks)


def _of_version(marks: Sequence[Mark]) -> list[str]:
    """A database in one version: how many of its blocks were seen to work, when, and where."""
    passed = sum(mark.state == "passed" for mark in marks)
    first = next((mark for mark in marks if mark.version), marks[0])
    counted = str(_("{passed} of {all}")).format(passed=passed, all=len(marks))
    name = escape(naming.listed([(first.label, [first.version])]))
    return [
        name,
        result_html(worst_of(marks), escape(counted)),
        escape(max(mark.date for mark in marks)),
        escape(naming.how(first.target, first.where)),
    ]
