"""A dotenv block → a `.env` with the live connection in it."""

import io

import pytest
from dotenv import dotenv_values

from crossnotes.run import dotenv
from crossnotes.run.dotenv import DotenvError

CONNECTION = {"TIDB_HOST": "host", "TIDB_PASSWORD": "password", "CA_PATH": "ca"}
FACTS = {"host": "127.0.0.1", "password": 'it\'s a \\ secret ${HOME} # "x"', "ca": "/tmp/ca.pem"}


def live(code: str, facts: dict[str, str] = FACTS) -> str:
    return dotenv.live(code, 12, CONNECTION, ["DEBUG", "GREETING"], facts)


def read(text: str) -> dict[str, str | None]:
    """As the projects that pages teach read it."""
    return dotenv_values(stream=io.StringIO(text), interpolate=False)


def test_connection_keys_get_the_live_values_whatever_is_shown() -> None:
    text = live("TIDB_HOST='{host}'\nTIDB_PASSWORD=\"{password}\"\nexport CA_PATH=/etc/ca.pem")
    assert read(text) == {
        "TIDB_HOST": FACTS["host"],
        "TIDB_PASSWORD": FACTS["password"],
        "CA_PATH": FACTS["ca"],
    }


def test_key_that_the_page_leaves_out_is_left_out() -> None:
    assert read(live("TIDB_HOST=x")) == {"TIDB_HOST": FACTS["host"]}


def test_fact_that_the_target_does_not_have_is_empty() -> None:
    assert read(live("TIDB_HOST=x\nCA_PATH=y", {"host": "h"})) == {"TIDB_HOST": "h", "CA_PATH": ""}


def test_other_keys_and_comments_stay_as_they_are() -> None:
    code = "# where it runs\nTIDB_HOST=x\n\n# how\nDEBUG='false'\nGREETING=\"two words\" # comment"
    text = live(code)
    assert text.splitlines() == [
        "# where it runs",
        "TIDB_HOST='127.0.0.1'",
        "",
        "# how",
        "DEBUG='false'",
        'GREETING="two words" # comment',
    ]


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("TIDB_HOTS=x", 12, "unknown key 'TIDB_HOTS'; the project knows TIDB_HOST, "),
        ("# comment\nTIDB_HOST=x\n\n\nPORT=1", 16, "unknown key 'PORT'"),
        ("TIDB_HOST=x\nthis is no line\nDEBUG=1", 13, "'this is no line' is not a line of a .env"),
        ("DEBUG=1\n\nDEBUG", 14, "'DEBUG' is not a line of a .env; write KEY='value'"),
        ("DEBUG='never closed", 12, '"DEBUG=\'never closed" is not a line of a .env'),
    ],
)
def test_line_that_cannot_be_taken_is_told_at_its_place(code: str, line: int, message: str) -> None:
    with pytest.raises(DotenvError) as caught:
        live(code)
    assert caught.value.failure.line == line
    assert caught.value.failure.message.startswith(message)


def test_unknown_key_of_a_project_that_knows_none() -> None:
    with pytest.raises(DotenvError, match="the project knows none"):
        dotenv.live("A=1", 1, {}, [], {})
