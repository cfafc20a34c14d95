"""The list of forbidden English in .ci/english.py, on text as it stands in pages."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def english() -> ModuleType:
    spec = importlib.util.spec_from_file_location("english", ROOT / ".ci" / "english.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_of_the_repository_have_no_forbidden_expression(english: ModuleType) -> None:
    assert english.main(ROOT) == 0


@pytest.mark.parametrize(
    "sentence",
    [
        "A run takes every database that can be had.",
        "Whoever reads the row has to know.",
        "The second session shall wait.",
        "What TiDB makes of them.",
        "It is a query inside\nof another one.",
        "`regex` minds case on every database.",
        "After this page you know why ids have gaps.",
        "MySQL takes two strings for an equal pair.",
        "PostgreSQL refuses the row.",
    ],
)
def test_a_forbidden_expression_is_found(english: ModuleType, sentence: str) -> None:
    assert list(english.hits(f"# Title\n\n{sentence}\n"))


def test_a_hit_names_its_line_and_what_to_write(english: ModuleType) -> None:
    ((line, words, instead),) = english.hits("# Title\n\nOne.\nA list inside of a list.\n")
    assert (line, words) == (4, "inside of")
    assert "within" in instead


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint('whoever shall')\n```\n",
        "Use `otherwise` as a name.\n",
        "[the list](https://example.com/otherwise)\n",
        "A database returns rows, and servers store them.\n",
    ],
)
def test_code_and_plain_words_pass(english: ModuleType, text: str) -> None:
    assert not list(english.hits(text))


def test_the_caption_of_a_block_is_prose(english: ModuleType) -> None:
    text = "```{compare} one\n:caption: What the options make of a session\n```\n"
    assert [line for line, *_ in english.hits(text)] == [2]


COMMAND = '''
"""Nobody sees what this module shall do."""


@main.command("x")
@option("--y", help="{help}")
def x(y):
    """{doc}"""
    # A comment that shall not be read.
    raise Wrong(f"{{y}}: {message}; "
                "or nothing")
'''


@pytest.mark.parametrize(
    ("where", "line", "words"),
    [
        ("help", 6, "Every database that can be had."),
        ("doc", 8, "Show what a run makes of it."),
        ("message", 10, "it is no page"),
        ("message", 10, "take the option away"),
        ("message", 10, "it is there already"),
        ("message", 10, "it said nothing"),
    ],
)
def test_a_message_of_the_tool_is_read(
    english: ModuleType, where: str, line: int, words: str
) -> None:
    texts = {"help": "Plain words.", "doc": "Plain words.", "message": "plain words"}
    assert not list(english.hits_in_code(COMMAND.format(**texts)))
    ((found, *_),) = english.hits_in_code(COMMAND.format(**{**texts, where: words}))
    assert found == line
