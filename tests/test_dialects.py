"""A project's Sphinx is asked what its Markdown is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crossnotes import dialects, markdown
from tests.conftest import REPOSITORY, Repository

CONF = """\
from docutils import nodes
from docutils.parsers.rst import Directive

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "substitution"]
myst_substitutions = {"block": "```python\\nprint('substituted')\\n```"}


class Box(Directive):
    has_content = True

    def run(self):
        box = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Shown(Directive):
    has_content = True

    def run(self):
        text = "\\n".join(self.content)
        return [nodes.literal_block(text, text)]


class Silent(Directive):
    has_content = True

    def run(self):
        return []


def setup(app):
    app.add_directive("box", Box)
    app.add_directive("shown", Shown)
    app.add_directive("silent", Silent)
"""

FENCE = "```python\nprint({})\n```"


@pytest.fixture
def with_conf(repository: Repository) -> Repository:
    repository.write("docs/conf.py", CONF)
    return repository


def test_directives_of_a_projects_own_are_tried(with_conf: Repository) -> None:
    found = dialects.myst_of(with_conf.root / "docs").directives
    assert [found[name] for name in ("box", "shown", "silent")] == ["content", "code", "none"]
    assert found["note"] == "content"


def test_block_in_a_directive_of_the_projects_own_is_run(with_conf: Repository) -> None:
    with_conf.page(f"# A\n\n::::{{box}}\n{FENCE.format(1)}\n::::\n")
    assert len(with_conf.crossnotes("list", "docs").lines) == 1


def test_code_that_only_such_a_directive_shows_is_a_problem(with_conf: Repository) -> None:
    with_conf.page("# A\n\n```{shown}\nprint(1)\n```\n")
    done = with_conf.crossnotes("list", "docs")
    assert done.code == 1
    assert done.err.startswith("docs/a.md:3: a {shown} shows code that is never run")


def test_block_that_nobody_sees_is_not_run(with_conf: Repository) -> None:
    with_conf.page(f"# A\n\n::::{{silent}}\n{FENCE.format(1)}\n::::\n")
    assert with_conf.crossnotes("list", "docs").lines == []


def test_substitution_of_conf_py_is_run_at_its_line(with_conf: Repository) -> None:
    with_conf.page("# A\n\n{{ block }}\n")
    done = with_conf.crossnotes("test", "docs", "--json", "r.json")
    assert done.code == 0, done.out
    (result,) = with_conf.json("r.json")["results"]
    assert (result["line"], result["output"]) == (3, "substituted\n")


def test_extension_that_is_off_makes_no_fence(repository: Repository) -> None:
    repository.write("docs/conf.py", 'extensions = ["myst_parser"]\n')
    repository.page(f"# A\n\n:::{{markdown}}\n{FENCE.format(1)}\n:::\n")
    assert len(repository.crossnotes("list", "docs").lines) == 1


def test_broken_conf_py_is_told_in_one_line(repository: Repository) -> None:
    repository.write("docs/conf.py", "extensions = [\n")
    repository.page("# A\n")
    done = repository.crossnotes("test", "docs")
    assert done.code == 2
    assert "conf.py: Sphinx cannot load it" in done.err
    assert "Traceback" not in done.err


def test_answer_is_remembered_until_conf_py_changes(with_conf: Repository) -> None:
    folder = with_conf.root / "docs"
    dialects.myst_of(folder)
    (cache,) = Path(dialects._cache_file(folder)).parent.glob("myst-*.json")
    cache.write_text(cache.read_text().replace('"silent": "none"', '"silent": "content"'))
    assert dialects.myst_of(folder).directives["silent"] == "content"
    with_conf.write("docs/conf.py", CONF + "\n# changed\n")
    assert dialects.myst_of(folder).directives["silent"] == "none"


def test_directives_that_we_ship_are_what_is_found_today() -> None:
    """Else: `python -m crossnotes.sphinxext.registry . --all > crossnotes/directives.json`."""
    found = dialects.myst_of(REPOSITORY)
    assert dict(found.directives) == dict(markdown.default_directives())


def test_nothing_is_left_of_a_question_that_was_interrupted(
    repository: Repository, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    slow = "import pathlib, time\npathlib.Path('asked').touch()\ntime.sleep(600)\n"
    repository.write("conf.py", slow + CONF)
    repository.page("# A\n")
    run = subprocess.Popen(
        [sys.executable, "-m", "crossnotes", "list", "docs"],
        cwd=repository.root,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not any((repository.root / folder / "asked").exists() for folder in (".", "docs")):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(temporary.iterdir()) != []
    run.send_signal(signal.SIGINT)
    assert run.wait(60) != 0
    assert list(temporary.iterdir()) == []
