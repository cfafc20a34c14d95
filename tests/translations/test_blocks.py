"""The blocks of two pages side by side."""

from pathlib import Path

from docutils import nodes
from docutils.utils import new_document

from crossnotes.translations.blocks import Block, blocks, differences

ONE, TWO, THREE = (
    Block("a = 1\nb = 2", "python", 3),
    Block("$ ls", "console", 8),
    Block("x", "text", 12),
)


def said(source: list[Block], translated: list[Block]) -> list[str]:
    return [str(each) for each in differences(source, translated, "docs/a.md", "ja")]


def test_equal_pages_have_no_differences() -> None:
    assert said([ONE, TWO, ONE], [ONE, TWO, ONE]) == []


def test_a_lost_block_is_named() -> None:
    assert said([ONE, TWO, THREE], [ONE, THREE]) == [
        "docs/a.md:8: [ja] blocks: the block `$ ls` is lost"
    ]


def test_a_block_that_came_in_is_named() -> None:
    new = Block("\nnew()\n", "python", 9)
    assert said([ONE, TWO], [ONE, new, TWO]) == [
        "docs/a.md:9: [ja] blocks: the block `new()` is not on the page that was translated"
    ]


def test_a_changed_block_is_named_with_its_line() -> None:
    changed = Block("a = 1\nb = 3", "python", 3)
    assert said([ONE, TWO], [changed, TWO]) == [
        "docs/a.md:3: [ja] blocks: the block `a = 1` is `a = 1` here: 'b = 2' became 'b = 3'"
    ]
    longer = Block("a = 1\nb = 2\nc = 3", "python", 3)
    assert said([ONE], [longer])[0].endswith("it has 3 lines, not 2")
    other = Block("$ ls", "text", 8)
    assert said([TWO], [other])[0].endswith("its language is text, not console")


def test_blocks_in_another_order_are_named() -> None:
    assert len(said([ONE, TWO, THREE], [ONE, THREE, TWO])) == 2


def test_a_block_without_text_can_be_named() -> None:
    assert said([Block("", "", 2)], []) == [
        "docs/a.md:2: [ja] blocks: the block without text is lost"
    ]


def test_the_line_is_that_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# A\n\n```python\na = 1\n```\n\n```python\na = 1\n```\n", encoding="utf-8")
    doctree = new_document("a.md")
    for line in (3, 7):
        block = nodes.literal_block("a = 1", "a = 1", language="python")
        block.line = line
        doctree += block
    assert [block.line for block in blocks(doctree, page)] == [4, 8]


def test_a_hard_line_break_is_no_block(tmp_path: Path) -> None:
    document = new_document("a.md")
    document += nodes.paragraph(
        "",
        "",
        nodes.raw("", "<br />\n", format="html"),
        nodes.raw("", "\\\\\n", format="latex"),
        nodes.raw("", "<hr>", format="html"),
    )
    assert [block.text for block in blocks(document, tmp_path / "a.md")] == ["<hr>"]
