"""The choice above a long table: only rows that are of one kind, or that have a word.

Without scripts it is not shown, and all rows are. What is chosen stands in the page's address.
"""

from collections.abc import Iterable, Mapping
from html import escape

from crossnotes.sphinxext.html import Html, drawn, element
from crossnotes.sphinxext.messages import _

#: The class of a row that can be left out, and what the class of its kinds begins with.
ROW, KIND = "crossnotes-row", "crossnotes-has-"


def row_classes(kinds: Iterable[str]) -> list[str]:
    """The classes of a row that is of these kinds; none for one that always stays."""
    found = sorted(kinds)
    return [ROW, *(f"{KIND}{kind}" for kind in found)] if found else []


def filter_of(of: str, legend: str, kinds: Mapping[str, str], said: str) -> Html:
    """The form for what has the id `of`: `legend` says what the kinds are about, each of which has
    its name as HTML, and `said` how many rows are shown."""
    radios = ""
    if kinds:
        every = {"": escape(str(_("all"))), **kinds}
        radios = "".join(
            element("label", _radio(of, kind, checked=not kind) + name)
            for kind, name in every.items()
        )
        radios = element("legend", escape(legend)) + element("div", radios)
    label = escape(str(_("Filter")))
    box = element("label", f'{label} <input type="search" autocomplete="off"/>')
    count = element("output", "", data_said=said)
    inside = element("fieldset", radios + element("p", f"{box} {count}"))
    return drawn(element("form", inside, class_="crossnotes-filter", data_of=of))


def _radio(of: str, kind: str, checked: bool) -> str:
    state = ' checked=""' if checked else ""
    return f'<input type="radio" name="{escape(of)}" value="{escape(kind)}"{state}/> '
