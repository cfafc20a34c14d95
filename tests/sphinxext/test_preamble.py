"""The `setup` of the settings is shown on the pages before whose blocks it runs."""

from pathlib import Path

from .conftest import sphinx_build, write_root

CODE = "# A\n\n```python\nprint(math.pi < 4)\n```\n"
PAGES = {"index.md": f"{CODE}\n```{{toctree}}\nwords\n```\n", "words.md": "# B\n\nNo code.\n"}
SETTINGS = "[tool.crossnotes]\nsetup = '''\nimport math\nlow = 1 < 2\n'''\n"
FOLDED = '<details class="crossnotes-setup"><summary>'


def test_readers_see_what_runs_before_a_page(tmp_path: Path) -> None:
    root = write_root(tmp_path / "root", PAGES)
    (root / "pyproject.toml").write_text(SETTINGS)
    build = sphinx_build(root)
    assert build.exit_code == 0, build.messages
    html = build.read("index.html")
    assert html.count(FOLDED) == 1
    assert "import math\nlow = 1 &lt; 2</pre></details>" in html
    assert html.index("<h1>") < html.index(FOLDED) < html.index('id="block-1"')
    assert FOLDED not in build.read("words.html")


def test_another_setup_is_shown_by_the_next_build(tmp_path: Path) -> None:
    root = write_root(tmp_path / "root", PAGES)
    assert FOLDED not in sphinx_build(root).read("index.html")
    (root / "pyproject.toml").write_text(SETTINGS)
    assert FOLDED in sphinx_build(root).read("index.html")
    (root / "pyproject.toml").write_text("[tool.crossnotes]\n")
    assert FOLDED not in sphinx_build(root).read("index.html")
