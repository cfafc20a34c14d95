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
        ("[tool.crossnotes\n", "not TOML: "),
        ("[tool.crossnotes]\ntab = 1\n", "unknown key 'tab' in [tool.crossnotes]; known are: "),
        ("[tool.crossnotes]\ntabs = 1\n", "tabs in [tool.crossnotes] must be a table"),
        ("[tool.crossnotes]\ndotenv = 'A'\n", "dotenv in [tool.crossnotes] must be a list"),
        ("[tool.crossnotes]\nsettings = []\n", "settings in [tool.crossnotes] must be a string"),
        (
            "[tool.crossnotes]\nshow-only = [1]\n",
            "show-only in [tool.crossnotes] must be a list of strings",
        ),
        (
            "[tool.crossnotes.tabs]\nSQLite = ['sqlite']\n",
            "tabs in [tool.crossnotes] must be a table of strings",
        ),
        (
            "[tool.crossnotes.connection]\nHOST = 'hots'\n",
            "[tool.crossnotes.connection] HOST = 'hots'; known facts of a connection are: engine, ",
        ),
        ("[tool]\ncrossnotes = 1\n", "[tool.crossnotes] must be a table"),
    ],
)
def test_mistake_is_named_with_its_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.find(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}: {message}")


def test_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: not TOML: "):
        config.find(tmp_path)
