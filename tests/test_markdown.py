"""Our parser has the block rules that MyST has with the same extensions."""

import random

import pytest
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from crossnotes import markdown
from crossnotes.markdown import Myst

EXTENSIONS = ["amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath", "fieldlist"]

#: MyST's rules that change no block of code, and ours that stands for several of theirs.
NO_CODE = {"table", "reference"}
OURS = {"prose"}


@pytest.mark.parametrize("extensions", [[], *([name] for name in EXTENSIONS), EXTENSIONS])
def test_block_rules_are_those_of_myst(extensions: list[str]) -> None:
    config = MdParserConfig(enable_extensions=set(extensions))
    theirs = set(create_md_parser(config, RendererHTML).get_active_rules()["block"])
    parser = markdown._parser(frozenset(extensions), True)
    ours = set(parser.get_active_rules()["block"])
    assert ours - OURS == theirs - NO_CODE


LINES = [
    *("", "", "Text", "text `x` and *y*", "ハハ", "# Head", "#no", "Head", "===", "---", "- - -"),
    *("- item", "- two", "* star", "+ plus", "1. one", "- [ ] task", "- - nested", "-", "- 1. x"),
    *("```python", "```", "~~~", ":::{note}", ":::", "- ```sql", "> quote", "> ```", "> - item"),
    *(
        ": definition",
        "~ definition",
        ":field: value",
        "(label)=",
        "% comment",
        "+++",
        "<!--",
        "-->",
    ),
    *("$$", "\\begin{align}", "\\end{align}", "{.class}", "[^1]: note", "{{ name }}", "<div>"),
]
INDENTS = ["", "", "", " ", "  ", "   ", "    ", "\t", "> "]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_passed_over_has_no_code(seed: int) -> None:
    """The short way for prose leaves the blocks of code that the whole set of rules finds."""
    chance = random.Random(seed)
    short = markdown._parser.__wrapped__(frozenset(markdown.PLUGINS), True)
    long = markdown._parser.__wrapped__(frozenset(markdown.PLUGINS), True).disable(list(OURS))
    blocks = {"fence", "colon_fence", "code_block", "substitution_block", "front_matter"}
    for _ in range(500):
        count = chance.randrange(1, 14)
        text = "\n".join(chance.choice(INDENTS) + chance.choice(LINES) for _ in range(count))
        found = [
            [(t.type, t.info, t.content, t.map) for t in parser.parse(text) if t.type in blocks]
            for parser in (short, long)
        ]
        assert found[0] == found[1], text


@pytest.mark.parametrize(
    ("info", "called"),
    [
        ("{note}", ("note", "")),
        ("{code-block} python", ("code-block", "python")),
        ("{tab}  A label ", ("tab", "A label")),
        ("python", None),
        ("{code-block}python", None),
        ("", None),
    ],
)
def test_directive_is_told_from_a_language(info: str, called: tuple[str, str] | None) -> None:
    assert markdown.directive_name(info) == called


def test_options_are_read_in_both_forms() -> None:
    lines = markdown.directive("code-block", "python", ":name: a\n:flag:\n\nx = 1\n", 10)
    yaml = markdown.directive("code-block", "python", "---\nname: a\nflag:\n---\nx = 1\n", 10)
    assert lines.options["name"] == yaml.options["name"] == "a"
    assert (lines.body, lines.body_line) == ("x = 1\n", 14)
    assert (yaml.body, yaml.body_line) == ("x = 1\n", 15)


def test_substitution_that_has_no_value_is_none() -> None:
    assert markdown.render_substitution("a", {"a": "b"}) == "b"
    assert markdown.render_substitution("a.upper()", {"a": "b"}) == "B"
    assert markdown.render_substitution("nothing", {}) is None


def test_unknown_directive_may_hold_anything() -> None:
    assert Myst().body_of("made-up") == "content"
