"""`crossnotes html` and the commands of the translation in projects of others: wherever conf.py and
the pages are, in whichever languages, and however conf.py says so."""

import pytest

from .conftest import Wheel, Write

CONF = """\
project = "Host"
extensions = ["myst_parser", "crossnotes.sphinxext", "crossnotes.site"]
html_theme = "alabaster"
"""
PAGE = "# Home\n\nOne sentence of it.\n\n```python\nprint(1)\n```\n"
#: So that no settings above the folder are found.
SETTINGS = {"pyproject.toml": "[tool.crossnotes]\n"}
BOTH = 'crossnotes_languages = {"en": "English", "de": "Deutsch"}\n'


def catalogue(message: str, translation: str) -> str:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    return f'{head}msgid "{message}"\nmsgstr "{translation}"\n'


@pytest.mark.parametrize("command", ["html", "linkcheck", "intl", "intl-status", "intl-check"])
def test_outside_of_a_project_a_command_says_what_it_looked_for(
    wheel: Wheel, project: Write, command: str
) -> None:
    done = wheel.crossnotes(command, cwd=project(SETTINGS))
    assert done.code == 2
    assert "Traceback" not in done.said
    assert done.said.startswith("conf.py: no such file, and none in docs/, docs/source/")
    done = wheel.crossnotes(command, cwd=project({"docs/conf.py": CONF}))
    assert done.code == 2
    assert "docs/index.md: no such file, and no index.md or index.rst in" in done.said


@pytest.mark.parametrize(
    ("conf", "page"),
    [
        ("conf.py", "index.md"),
        ("conf.py", "docs/index.md"),
        ("docs/conf.py", "docs/index.md"),
        ("docs/source/conf.py", "docs/source/index.md"),
        ("doc/conf.py", "doc/index.rst"),
    ],
)
def test_one_language_is_built_by_itself(
    wheel: Wheel, project: Write, conf: str, page: str
) -> None:
    text = PAGE if page.endswith(".md") else "Home\n====\n\nOne sentence of it.\n"
    root = project({**SETTINGS, conf: CONF, page: text})
    done = wheel.crossnotes("html", cwd=root)
    assert done.code == 0, done.said
    html = (root / "build/html/index.html").read_text(encoding="utf-8")
    assert "One sentence of it." in html
    assert '<html lang="en"' in html
    assert "crossnotes-languages" not in html
    assert "hreflang" not in html
    done = wheel.crossnotes("intl", cwd=root)
    assert done.code == 0
    assert done.said == "The pages are in English alone: there is nothing to translate.\n"


IMPORTED = "import sys\nsys.path.insert(0, '.')\nfrom ours import crossnotes_languages\n"


@pytest.mark.parametrize(
    "said",
    [
        BOTH,
        'crossnotes_languages = dict(en="English", de="Deutsch")\n',
        'crossnotes_languages: dict[str, str] = {"en": "English", "de": "Deutsch"}\n',
        'crossnotes_languages = {"en": "English"}\ncrossnotes_languages["de"] = "Deutsch"\n',
        IMPORTED,
    ],
)
def test_languages_are_understood_however_conf_py_makes_them(
    wheel: Wheel, project: Write, said: str
) -> None:
    root = project(
        {
            **SETTINGS,
            "docs/conf.py": CONF + said,
            "docs/ours.py": BOTH,
            "docs/index.md": PAGE,
            "docs/locale/de/LC_MESSAGES/index.po": catalogue("One sentence of it.", "Ein Satz."),
        }
    )
    done = wheel.crossnotes("html", cwd=root)
    assert done.code == 0, done.said
    assert "Ein Satz." in (root / "build/html/de/index.html").read_text(encoding="utf-8")
    front = (root / "build/html/index.html").read_text(encoding="utf-8")
    assert 'href="de/index.html"' in front
    assert "<title>Host</title>" in front
    assert 'href="crossnotes-front.css"' in front
    assert (root / "build/html/crossnotes-front.css").is_file()


def test_pages_in_japanese_are_translated_into_english(wheel: Wheel, project: Write) -> None:
    root = project(
        {
            **SETTINGS,
            "docs/conf.py": CONF + 'crossnotes_languages = {"ja": "日本語", "en": "English"}\n',
            "docs/index.md": "# 見出し\n\n一つの文です。\n\n```python\nprint(1)\n```\n",
        }
    )
    assert "updated docs/locale/en/LC_MESSAGES/index.po" in wheel.crossnotes("intl", cwd=root).said
    done = wheel.crossnotes("intl-status", cwd=root)
    assert done.code == 1
    assert "docs/index.md:3: [en] missing: 一つの文です。" in done.said
    po = root / "docs/locale/en/LC_MESSAGES/index.po"
    text = po.read_text(encoding="utf-8")
    text = text.replace('です。"\nmsgstr ""', 'です。"\nmsgstr "This is a sentence."')
    po.write_text(text.replace('見出し"\nmsgstr ""', '見出し"\nmsgstr "Head"'), encoding="utf-8")
    done = wheel.crossnotes("html", cwd=root)
    assert done.code == 0, done.said
    pages = {
        code: (root / f"build/html/{code}/index.html").read_text("utf-8") for code in ("ja", "en")
    }
    assert '<html lang="ja"' in pages["ja"]
    assert "SQLite では未実行" in pages["ja"]
    assert '<html lang="en"' in pages["en"]
    assert "This is a sentence." in pages["en"]
    assert "not run" in pages["en"]
    assert '<html lang="ja">' in (root / "build/html/index.html").read_text("utf-8")
    done = wheel.crossnotes("intl-check", cwd=root)
    assert done.code == 0, done.said


def test_a_language_that_we_do_not_speak_is_english_and_said(wheel: Wheel, project: Write) -> None:
    root = project({**SETTINGS, "docs/conf.py": CONF + BOTH, "docs/index.md": PAGE})
    assert wheel.crossnotes("intl", cwd=root).code == 0
    done = wheel.crossnotes("intl-status", cwd=root)
    assert done.code == 1
    assert "[de] what Crossnotes itself says on a page" in done.said
    assert wheel.crossnotes("html", cwd=root).code == 0
    html = (root / "build/html/de/index.html").read_text(encoding="utf-8")
    assert "not run on SQLite" in html
    # German is not held to the way Japanese is written.
    po = root / "docs/locale/de/LC_MESSAGES/index.po"
    text = po.read_text(encoding="utf-8").replace('Home"\nmsgstr ""', 'Home"\nmsgstr "Startseite"')
    po.write_text(text.replace('it."\nmsgstr ""', 'it."\nmsgstr "Ein Satz: ganz kurz!"'))
    assert wheel.crossnotes("html", cwd=root).code == 0
    done = wheel.crossnotes("intl-check", cwd=root)
    assert done.code == 0, done.said
    po.write_text(po.read_text(encoding="utf-8").replace("Ein Satz: ganz kurz!", "`x`"))
    done = wheel.crossnotes("intl-check", cwd=root)
    assert done.code == 1
    assert "[de] code: `x` is not in the original" in done.said


def test_a_translation_that_locale_dirs_hides_is_named(wheel: Wheel, project: Write) -> None:
    root = project(
        {
            **SETTINGS,
            "conf.py": CONF + BOTH + 'locale_dirs = ["locale"]\n',
            "docs/index.md": PAGE,
            "locale/de/LC_MESSAGES/index.po": catalogue("One sentence of it.", "Ein Satz."),
        }
    )
    done = wheel.crossnotes("html", cwd=root)
    assert done.code == 1
    assert "locale_dirs names docs/locale/de, where nothing is translated" in done.said
    assert (
        "the translation in locale/de is not used; write locale_dirs = ['../locale']" in done.said
    )
    (root / "conf.py").write_text(CONF + BOTH)
    assert wheel.crossnotes("html", cwd=root).code == 0
    assert "Ein Satz." in (root / "build/html/de/index.html").read_text(encoding="utf-8")


ALL = ["mends", "site", "sphinxext"]


@pytest.mark.parametrize(
    ("builder", "extensions"),
    [
        ("dirhtml", []),
        *(("dirhtml", [name]) for name in ALL),
        *((builder, ALL) for builder in ("dirhtml", "epub", "text")),
    ],
)
def test_each_extension_can_be_had_alone(
    wheel: Wheel, project: Write, builder: str, extensions: list[str]
) -> None:
    names = ["myst_parser", *(f"crossnotes.{name}" for name in extensions)]
    table = "\n\n| a | b |\n|---|---|\n| c | d |\n"
    conf = f'project = copyright = version = "Host"\nextensions = {names!r}\nhtml_theme = "furo"\n'
    root = project({**SETTINGS, "conf.py": conf, "index.md": PAGE + table})
    done = wheel.run("sphinx", "-q", "-W", "-b", builder, "-d", "doctrees", ".", "out", cwd=root)
    assert done.code == 0, done.said
    page = {"dirhtml": "index.html", "epub": "index.xhtml", "text": "index.txt"}[builder]
    assert ("not run on SQLite" in (root / "out" / page).read_text("utf-8")) == (
        "sphinxext" in extensions
    )
