"""`crossnotes doctor` reads the docs of anybody, and executes nothing of them."""

import json

import pytest

from crossnotes import config, dialects

from .conftest import PAGES, REPOSITORY, Repository, command

CONF = """\
import os
import nothing_of_the_kind
os.system("touch executed")
raise SystemExit
extensions = ["myst_parser"]
if os.environ.get("X"):
    extensions += ["sphinx_inline_tabs"]
myst_enable_extensions = ["colon_fence", *os.environ]
"""

PAGE = """\
# A

```Python title="a.py"
import os, shutil, requests
shutil.rmtree("/tmp/x")
requests.get("https://example.com/")
```

```console
$ pip install attrs
$ sudo rm -rf /
output with rm -rf in it
```

```
no language
```

```haskell
main = 1
```

```json
{}
```

```pycon
no prompt
```

```{tab} Windows
words
```
```{tab} SQLite
words
```
"""


@pytest.fixture
def sphinx(repository: Repository) -> Repository:
    (repository.root / "pyproject.toml").unlink()
    repository.write("docs/source/conf.py", CONF)
    repository.write("docs/source/a.md", PAGE)
    repository.write("docs/source/b.rst", "B\n=\n")
    return repository


def report(repository: Repository, *arguments: str) -> dict[str, object]:
    done = repository.crossnotes("doctor", *(arguments or (".",)), "--json")
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


def test_conf_py_is_read_and_not_run(sphinx: Repository) -> None:
    found = report(sphinx)
    assert (found["builder"], found["source"]) == ("Sphinx", "docs/source")
    assert (found["pages"], found["unread"]) == (1, 1)
    assert not (sphinx.root / "executed").exists()
    values = dialects.conf_values(sphinx.root / "docs/source/conf.py")
    assert values["extensions"] == ["myst_parser", "sphinx_inline_tabs"]
    assert values["myst_enable_extensions"] == ["colon_fence"]


def test_blocks_are_counted_and_those_that_nobody_runs_are_named(sphinx: Repository) -> None:
    found = report(sphinx)
    assert found["run"] == {"python": 1, "console": 1}
    assert found["shown"] == {"json": 1}
    assert found["unlabelled"] == ["docs/source/a.md:15"]
    assert found["unknown"] == {"haskell": ["docs/source/a.md:19"]}
    (refused,) = found["refused"]  # type: ignore[misc]
    assert refused["line"] == 28


def test_what_looks_dangerous_is_named_at_its_line(sphinx: Repository) -> None:
    found = {(each["kind"], each["line"]) for each in report(sphinx)["dangers"]}  # type: ignore[attr-defined]
    assert found == {
        ("deletes", 5),
        ("network", 6),
        ("installs", 10),
        ("deletes", 11),
        ("runs as root", 11),
    }


def test_settings_that_it_proposes_can_be_used(sphinx: Repository) -> None:
    proposed = str(report(sphinx)["settings"])
    sphinx.write("pyproject.toml", proposed)
    found = config.find(sphinx.root)
    assert found.source == "docs/source"
    assert "haskell" in found.show_only
    assert (found.unlabelled, found.shell) == ("show", False)
    assert found.tabs == {"SQLite": "sqlite"}
    assert list(found.elsewhere) == ["Windows"]


def test_it_says_it_to_a_person_too(sphinx: Repository) -> None:
    done = sphinx.crossnotes("doctor")
    assert done.code == 0
    assert "Sphinx (conf.py), 1 page; nothing was executed" in done.out
    assert "docs/source/a.md:19 haskell" in done.out
    assert "    docs/source/a.md:10: pip install attrs" in done.out
    assert '  unlabelled = "show"' in done.out


MKDOCS = """\
site_name: x
docs_dir: handbook
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
plugins: [!ENV X]
"""


def test_site_of_mkdocs_is_read(repository: Repository) -> None:
    repository.write("mkdocs.yml", MKDOCS)
    repository.write(
        "handbook/a.md",
        '# A\n\n=== "SQLite"\n\n    ```py hl_lines="1"\n    x = 1\n    ```\n\n{* ../a.py hl[1] *}\n'
        '\n``` py\n--8<-- "a.py"\n```\n',
    )
    found = report(repository)
    assert (found["builder"], found["source"], found["run"]) == ("MkDocs", "handbook", {"py": 1})
    assert found["includes"] == ["handbook/a.md:9", "handbook/a.md:12"]
    (refused,) = found["refused"]  # type: ignore[misc]
    assert (refused["line"], "a macro puts a file here" in refused["message"]) == (12, True)
    assert report(repository, "handbook")["builder"] == "MkDocs"


def test_django_project_at_the_root_is_proposed(repository: Repository) -> None:
    repository.page("# A\n\n```python\nx = 1\n```\n")
    repository.write("manage.py", (PAGES / "project" / "manage.py").read_text())
    assert 'django = "."' in str(report(repository)["settings"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", "nowhere: no such file or folder"),
        ("empty", "empty: no pages; looked for *.md"),
        ("pyproject.toml", "pyproject.toml: not a page; pages are Markdown (.md, .markdown)"),
    ],
)
def test_path_without_pages_is_told(repository: Repository, path: str, said: str) -> None:
    (repository.root / "empty").mkdir()
    done = repository.crossnotes("doctor", path)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("conf", ["(", "\0", "extensions = [x for x in y]\n", "a" * 10 + "\n"])
def test_conf_py_of_any_shape_is_no_traceback(repository: Repository, conf: str) -> None:
    repository.write("docs/conf.py", conf)
    repository.page("# A\n\n```python\nx = 1\n```\n")
    assert report(repository)["run"] == {"python": 1}


def test_our_own_pages_have_nothing_unlabelled_or_unknown() -> None:
    done = command("doctor", "--json", cwd=REPOSITORY)
    found = json.loads(done.stdout)
    assert (found["unlabelled"], found["unknown"], found["refused"]) == ([], {}, [])
    assert sum(found["run"].values()) > 200


def test_pages_without_a_builder_are_those_of_the_settings_or_of_docs(
    repository: Repository,
) -> None:
    repository.page("# A\n\n```python\nx = 1\n```\n")
    repository.write("README.md", "# R\n\n```sh\nmake\n```\n")
    found = report(repository)
    assert (found["source"], found["run"]) == ("docs", {"python": 1})
    repository.write("guide/a.md", "# A\n\n```sql\nSELECT 1;\n```\n")
    repository.write("pyproject.toml", '[tool.crossnotes]\nsource = "guide"\n')
    found = report(repository)
    assert (found["source"], found["run"]) == ("guide", {"sql": 1})


def test_file_of_a_builder_stands_for_its_site(sphinx: Repository) -> None:
    assert report(sphinx, "docs/source/conf.py") == report(sphinx, "docs/source")


def test_folder_of_pages_is_read_from_the_root_of_its_project(sphinx: Repository) -> None:
    for path in (".", "docs", "docs/source", "docs/source/a.md"):
        found = report(sphinx, path)
        assert found["unlabelled"] == ["docs/source/a.md:15"]
        assert 'source = "docs/source"' in str(found["settings"])
    assert report(sphinx, "docs")["builder"] == "Sphinx"


def test_single_page_is_read(repository: Repository) -> None:
    repository.page("# A\n\n```sql\nSELECT 1;\n```\n")
    assert report(repository, "docs/a.md")["run"] == {"sql": 1}
