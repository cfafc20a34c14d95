"""The reference is made from the code: what the code knows, it names."""

import dataclasses

import pytest

from crossnotes import cli, config, reader, reference
from crossnotes.ledger import Ledger
from crossnotes.result import Result

from .conftest import Repository


def printed(repository: Repository, *parts: str) -> str:
    done = repository.crossnotes("reference", *parts)
    assert done.code == 0, done.err
    return done.out


def test_every_key_command_and_option_is_in_it(repository: Repository) -> None:
    text = printed(repository)
    for key in config.KEYS:
        assert f"| `{key.name}` |" in text
    for name, command in cli.main.commands.items():
        assert f"### `crossnotes {name} " in text
        for option in (each for each in command.params if each.param_type_name == "option"):
            assert f"| `{', '.join(option.opts)}` |" in text


def test_every_option_of_a_directive_says_what_it_does() -> None:
    assert set(reference.SNIPPET_OPTIONS) == reader.SNIPPET_OPTIONS - reader.CODE_BLOCK_OPTIONS
    assert set(reference.OUTPUT_OPTIONS) == reader.OUTPUT_OPTIONS


def test_every_field_of_a_ledger_says_what_it_is() -> None:
    assert set(reference.RESULT) == {field.name for field in dataclasses.fields(Result)}
    assert set(reference.LEDGER) == {field.name for field in dataclasses.fields(Ledger)}


@pytest.mark.parametrize("part", reference.PARTS)
def test_part_can_be_asked_for_alone(repository: Repository, part: str) -> None:
    text = printed(repository, part)
    assert text.startswith("## ")
    assert text.count("\n## ") == 0
