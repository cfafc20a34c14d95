"""The reference is made from the code: what the code knows, it names."""

import dataclasses
import importlib.util
import re

import click
import pytest

from crossnotes import cli, config, reader, reference
from crossnotes.ledger import Ledger
from crossnotes.result import Result

from .conftest import REPOSITORY, Repository


def printed(repository: Repository, *parts: str) -> str:
    done = repository.crossnotes("reference", *parts)
    assert done.code == 0, done.err
    return done.out


def test_every_key_command_and_option_is_in_it(repository: Repository) -> None:
    text = printed(repository)
    for key in config.KEYS:
        assert f"| `{key.name}` |" in text
    for name, command in cli.main.commands.items():
        if name != command.name:  # a name that it once had
            continue
        assert re.search(rf"^### `crossnotes {name}[ `]", text, re.MULTILINE)
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert option.help, f"{name} {option.name} does not say what it does"
            assert f"| `{', '.join(option.opts)}" in text


def test_every_option_of_a_directive_says_what_it_does() -> None:
    assert set(reference.SNIPPET_OPTIONS) == reader.SNIPPET_OPTIONS - reader.CODE_BLOCK_OPTIONS
    assert set(reference.OUTPUT_OPTIONS) == reader.OUTPUT_OPTIONS


def test_every_directive_and_setting_of_our_extensions_says_what_it_does() -> None:
    code = [path.read_text("utf-8") for path in (REPOSITORY / "crossnotes").rglob("*.py")]
    called = r'%s\(\s*"([\w-]+)"'
    directives = {name for text in code for name in re.findall(called % "add_directive", text)}
    # Those that are drawn from the results of all pages.
    directives |= {
        name for text in code for name in re.findall(r'drawings\.add\(app, "(\w+)"', text)
    }
    settings = {name for text in code for name in re.findall(called % "add_config_value", text)}
    # Those of tabs are sphinx-tabs' own.
    assert set(reference.DIRECTIVES) == directives - {"tab", "group-tab", "code-tab"}
    assert set(reference.CONF) == settings


def test_every_key_of_the_front_matter_says_what_it_is() -> None:
    ours = {name for name in reference.FRONT_MATTER if name.startswith("crossnotes.")}
    assert ours == {f"crossnotes.{name}" for name in reader.FRONT_MATTER}
    site = (REPOSITORY / "crossnotes/site/frontmatter.py").read_text("utf-8")
    assert set(reference.FRONT_MATTER) - ours == set(re.findall(r"\.get\(\"(\w+)\", \"\"", site))


def test_the_page_of_the_site_is_what_is_printed() -> None:
    spec = importlib.util.spec_from_file_location("made", REPOSITORY / ".ci" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    text = (REPOSITORY / made.PAGE).read_text(encoding="utf-8")
    assert made.page(text) == text, "the code says something else by now: make reference"


def test_every_field_of_a_ledger_says_what_it_is() -> None:
    assert set(reference.RESULT) == {field.name for field in dataclasses.fields(Result)}
    assert set(reference.LEDGER) == {field.name for field in dataclasses.fields(Ledger)}


@pytest.mark.parametrize("part", reference.PARTS)
def test_part_can_be_asked_for_alone(repository: Repository, part: str) -> None:
    text = printed(repository, part)
    assert text.startswith(f"(reference-{part})=\n## ")
    assert text.count("\n## ") == 1
