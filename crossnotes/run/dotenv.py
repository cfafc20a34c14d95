"""A `dotenv` block → the working copy's `.env`, with the live connection's values."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping

from dotenv.parser import parse_stream

from crossnotes.result import Failure


class DotenvError(Exception):
    """A block that is no `.env`; `failure` says where and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def live(
    code: str,
    first_line: int,
    connection: Mapping[str, str],
    others: Collection[str],
    facts: Mapping[str, str],
) -> str:
    """The text of a `.env` as shown in `code`, except that each key of `connection` gets its fact
    of the live connection. Keys in neither list raise DotenvError, as does a line that is not
    `KEY=value`."""
    lines = []
    for binding in parse_stream(io.StringIO(code + "\n")):
        original = binding.original.string
        blank_lines = len(original) - len(original.lstrip("\n"))
        line = first_line + binding.original.line - 1 + blank_lines
        if binding.error or (binding.key is not None and binding.value is None):
            text = original.strip()
            raise DotenvError(Failure(line, f"{text!r} is not a line of a .env; write KEY='value'"))
        if binding.key is None:
            lines.append(original.rstrip("\n"))
        elif binding.key in connection:
            lines.append(f"{binding.key}={_quoted(facts.get(connection[binding.key], ''))}")
        elif binding.key in others:
            lines.append(original.strip("\n"))
        else:
            known = ", ".join([*connection, *sorted(others)])
            raise DotenvError(
                Failure(line, f"unknown key {binding.key!r}; the project knows {known or 'none'}")
            )
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
