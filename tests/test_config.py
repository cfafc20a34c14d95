"""[tool.crossnotes]: found in the nearest pyproject.toml, and every mistake in it named."""

from pathlib import Path

import pytest

from crossnotes import config
from crossnotes.config import ConfigError

from .conftest import REPOSITORY


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_settings_of_the_nearest_file_that_has_any_hold(tmp_path: Path) -> None:
    written(tmp_path, '[tool.crossnotes]\ndotenv = ["OUTER"]\n')
    written(tmp_path / "a", '[tool.crossnotes]\ndotenv = ["INNER"]\n')
    written(tmp_path / "a" / "b", "[project]\nname = 'other'\n")
    found = config.find(tmp_path / "a" / "b")
    assert found.dotenv == {"INNER"}
    assert found.root == tmp_path / "a"
    assert config.find(tmp_path).dotenv == {"OUTER"}


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    found = config.find(tmp_path)
    assert found.root == tmp_path
    assert {"text", "json", "html"} <= found.show_only
    assert found.tabs == {}


def test_every_setting_is_read(tmp_path: Path) -> None:
    text = """\
[tool.crossnotes]
show-only = ["rust"]
dotenv = ["DEBUG"]
settings = "site.settings"
[tool.crossnotes.tabs]
"My SQLite" = "sqlite"
[tool.crossnotes.elsewhere]
macOS = "not run on macOS"
[tool.crossnotes.connection]
HOST = "host"
"""
    found = config.find(written(tmp_path, text))
    assert {"rust", "text"} <= found.show_only
    assert found.dotenv == {"DEBUG"}
    assert found.settings == "site.settings"
    assert found.tabs == {"My SQLite": "sqlite"}
    assert found.elsewhere == {"macOS": "not run on macOS"}
    assert found.connection == {"HOST": "host"}


def test_our_own_settings_can_be_read() -> None:
    found = config.find(REPOSITORY / "docs")
    assert found.root == REPOSITORY
    assert found.tabs["TiDB Self-Hosted"] == "tidb-self-hosted"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.crossnotes\n", ": not TOML: "),
        (
            "[tool.crossnotes]\ntab = 1\n",
            ":2: unknown key 'tab' in [tool.crossnotes]; did you mean 'tabs'? known are: ",
        ),
        (
            "[tool.crossnotes]\ndjango = '.'\nShow_only = []\n",
            ":3: unknown key 'Show_only' in [tool.crossnotes]; did you mean 'show-only'? known are",
        ),
        (
            "[tool.crossnotes]\nzzz = 1\n",
            ":2: unknown key 'zzz' in [tool.crossnotes]; known are: connection, ",
        ),
        ("[tool.crossnotes]\ntabs = 1\n", ":2: tabs in [tool.crossnotes] must be a table"),
        ("[tool.crossnotes]\ndotenv = 'A'\n", ":2: dotenv in [tool.crossnotes] must be a list"),
        ("[tool.crossnotes]\nsettings = []\n", ":2: settings in [tool.crossnotes] must be a str"),
        ("[tool.crossnotes]\nshell = 'no'\n", ":2: shell in [tool.crossnotes] must be true or fa"),
        (
            "[tool.crossnotes]\nshow-only = [1]\n",
            ":2: show-only in [tool.crossnotes] must be a list of strings",
        ),
        (
            "[tool.crossnotes.tabs]\nSQLite = ['sqlite']\n",
            ":2: tabs in [tool.crossnotes] must be a table of strings",
        ),
        (
            "[tool.crossnotes]\nunlabelled = 'shown'\n",
            ":2: unlabelled in [tool.crossnotes] is 'shown'; did you mean 'show'? it has to be "
            "'refuse' or 'show'",
        ),
        (
            "[tool.crossnotes]\non-failure = 'explode'\n",
            ":2: on-failure in [tool.crossnotes] is 'explode'; it has to be 'stop' or 'keep-going'",
        ),
        (
            "[tool.crossnotes]\nsource = '../docs'\n",
            ":2: source in [tool.crossnotes] names '../docs'; it has to be a folder below ",
        ),
        (
            "[tool.crossnotes.languages]\nen = 'English'\n'../x' = 'X'\n",
            ":3: [tool.crossnotes.languages] '../x' is not a code of a language",
        ),
        (
            "# one\n\n[project]\nname = 'x'\n\n[tool.crossnotes.connection]\n\"HOST\" = 'hots'\n",
            ":7: [tool.crossnotes.connection] HOST = 'hots'; known facts of a connection are: engi",
        ),
        (
            "[tool]\ncrossnotes.connection.HOST = 'hots'\n",
            ":2: [tool.crossnotes.connection] HOST = 'hots'; known facts of a connection are: engi",
        ),
        ("[tool]\ncrossnotes = 1\n", ":2: [tool.crossnotes] must be a table"),
    ],
)
def test_mistake_is_named_with_its_file_line_and_key(
    tmp_path: Path, text: str, message: str
) -> None:
    written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.find(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}{message}")


def test_every_key_is_read_into_a_setting_of_the_same_name() -> None:
    """A key that the table documents, and nothing reads, would be a promise that nobody keeps."""
    settings = set(config.Config.__slots__)
    assert {key.name.replace("-", "_") for key in config.KEYS} <= settings
    assert len({key.name for key in config.KEYS}) == len(config.KEYS)


def test_source_is_what_is_collected_unless_pages_say_otherwise(tmp_path: Path) -> None:
    assert config.find(tmp_path).pages == ()
    assert config.find(tmp_path).paths == [str(tmp_path / "docs")]
    written(tmp_path, "[tool.crossnotes]\nsource = 'pages'\n")
    assert config.find(tmp_path).pages == ("pages",)
    written(tmp_path, "[tool.crossnotes]\nsource = 'pages'\npages = ['pages/a.md']\n")
    assert config.find(tmp_path).paths == [str(tmp_path / "pages/a.md")]


def test_code_of_the_setup_is_found_at_its_line(tmp_path: Path) -> None:
    written(tmp_path, "[tool.crossnotes]\nsetup = 'import os'\n")
    assert config.find(tmp_path).setup_line == 2
    written(tmp_path, '[tool.crossnotes]\nsetup = """\nimport os\n"""\n')
    assert (config.find(tmp_path).setup_line, config.find(tmp_path).setup) == (3, "import os\n")


def test_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: not TOML: "):
        config.find(tmp_path)
