"""Our parser has the block rules that MyST has with the same extensions."""

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
