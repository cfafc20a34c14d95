"""`{sequence}`: drawings of who does what, made from a table of the page."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crossnotes.sphinxext.sequence import FONT, Moment, svg, wrapped

from .conftest import sphinx_build

MakeRoot = Callable[[dict[str, str]], Path]

PAGE = """\
# Orders

```{sequence}
:caption: A cup of *tea* & how it comes

| Guest | Waiter | Kitchen |
|---|---|---|
| → one tea & cake | | |
| | → one tea | boils water |
| | ← the tea | |
```
"""


def drawn(html: str) -> ElementTree.Element:
    """The one drawing of a page."""
    start = html.index('<svg role="img"')
    return ElementTree.fromstring(html[start : html.index("</svg>", start) + len("</svg>")])


def lines_of(drawing: ElementTree.Element) -> list[str]:
    """What is written in a drawing, text by text."""
    return ["".join(text.itertext()) for text in drawing.iter("text")]


def ends(drawing: ElementTree.Element) -> list[tuple[float, float]]:
    """From where to where each message goes."""
    lines = [line for line in drawing.iter("line") if line.get("class") == "message"]
    return [(float(line.get("x1", "")), float(line.get("x2", ""))) for line in lines]


@pytest.fixture
def site(root: MakeRoot) -> Path:
    return root({"index.md": PAGE})


def test_a_table_is_drawn_with_its_participants_and_what_they_do(site: Path) -> None:
    done = sphinx_build(site)
    assert done.exit_code == 0, done.messages
    drawing = drawn(done.read("index.html"))
    words = ["Guest", "Waiter", "Kitchen", "one tea & cake", "one tea", "boils water", "the tea"]
    assert lines_of(drawing) == words
    assert len(list(drawing.iter("rect"))) == 1  # only what is no message stands in a box


def test_a_message_goes_to_the_neighbour_on_the_side_of_its_arrow(site: Path) -> None:
    drawing = drawn(sphinx_build(site).read("index.html"))
    guest, waiter, kitchen = [float(t.get("x", "")) for t in drawing.iter("text") if t.get("class")]
    assert ends(drawing) == [(guest, waiter), (waiter, kitchen), (waiter, guest)]


def test_who_cannot_see_it_is_told_the_caption_and_every_moment(site: Path) -> None:
    html = sphinx_build(site).read("index.html")
    drawing = drawn(html)
    assert drawing.get("role") == "img"
    assert drawing.findtext("title") == "A cup of tea & how it comes"
    assert drawing.findtext("desc") == (
        "Guest: → one tea & cake. Waiter: → one tea. Kitchen: boils water. Waiter: ← the tea"
    )
    assert "A cup of <em>tea</em> &amp; how it comes" in html


def test_in_japanese_the_moments_are_sentences_of_it(site: Path) -> None:
    told = drawn(sphinx_build(site, "ja").read("index.html")).findtext("desc") or ""
    assert "。Waiter: → one tea。Kitchen: " in told


def test_where_there_are_no_pictures_the_table_stands(site: Path) -> None:
    text = sphinx_build(site, builder="text").read("index.txt")
    assert "A cup of *tea* & how it comes" in text
    assert "→ one tea & cake" in text
    assert "boils water" in text


def test_caption_and_cells_are_messages(site: Path) -> None:
    template = sphinx_build(site, builder="gettext").read("index.pot")
    for message in ("A cup of *tea* & how it comes", "Guest", "→ one tea & cake", "boils water"):
        assert f'msgid "{message}"' in template


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (":caption: A cup of *tea* & how it comes\n", "", "needs a :caption:"),
        ("| | ← the tea | |", "| ← the tea | | |", "'← the tea' goes to a neighbour that is not"),
        ("| | → one tea | boils", "| | | → boils", "goes to a neighbour that is not there"),
        ("| Guest | Waiter", "Words.\n\n| Guest | Waiter", "holds one table"),
    ],
)
def test_what_cannot_be_drawn_is_said_at_its_line(
    root: MakeRoot, old: str, new: str, said: str
) -> None:
    assert old in PAGE
    messages = sphinx_build(root({"index.md": PAGE.replace(old, new)})).messages
    assert "index.md:3: " in messages
    assert said in messages


def test_lines_are_broken_between_words_and_in_japanese_between_characters() -> None:
    assert wrapped("one two three", 9 * FONT // 2) == ["one two", "three"]
    assert wrapped("お茶を一杯、ください", 5 * FONT) == ["お茶を一杯、", "ください"]
    assert wrapped("TLS を使う", 4 * FONT) == ["TLS を", "使う"]
    assert wrapped("unbreakable", FONT) == ["unbreakable"]


def test_rows_do_not_overlap_however_long_a_text_is() -> None:
    long = Moment(0, 0, "a long story " * 8)
    drawing = ElementTree.fromstring(svg("A story", ["Ann", "Bob"], [long, Moment(1, 1, "hears")]))
    first, second = drawing.iter("rect")
    end = float(first.get("y", "")) + float(first.get("height", ""))
    assert end < float(second.get("y", ""))
    lines = [float(span.get("y", "")) for span in next(t for t in drawing.iter("text") if len(t))]
    assert max(lines) < end
