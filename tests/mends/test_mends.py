"""A mend is applied where it fits, and told of where it does not; nothing else happens."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossnotes.mends import MENDS
from crossnotes.mends.mend import Mend

from ..sphinxext.conftest import REPOSITORY, sphinx_build, write_root

#: A page with a table of contents, whose caption has no level without a mend.
PAGES = {"index.md": "# Home\n\n```{toctree}\n:caption: All\na\n```\n", "a.md": "# A\n"}

CHANGED = """
from dataclasses import replace
from crossnotes import mends
mends.MENDS[:] = [
    replace(mend, {change}) if mend.name == "axefix" else mend for mend in mends.MENDS
]
"""


@pytest.fixture(autouse=True)
def _our_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def changed(folder: Path, change: str, more: str = "") -> Path:
    root = write_root(folder / "root", PAGES)
    with (root / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(CHANGED.format(change=change) + more)
    return root


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
def test_every_mend_fits_what_is_locked(mend: Mend) -> None:
    assert mend.mismatch() == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("versions='<8'", "it is made for <8"),
        ("attributes=('sphinx.util:nothing.at_all',)", "has no sphinx.util:nothing.at_all"),
        ("package='no-such-package'", "no-such-package is not installed"),
    ],
)
def test_a_mend_that_does_not_fit_is_left_out_and_told(
    tmp_path: Path, change: str, why: str
) -> None:
    root = changed(tmp_path, change)
    build = sphinx_build(root)
    assert build.exit_code == 1
    (line,) = [line for line in build.messages.splitlines() if "WARNING" in line]
    assert "axefix (" in line
    assert why in line
    assert line.endswith("[crossnotes.mends]")
    assert "aria-level" not in build.read("index.html")


def test_the_warning_can_be_silenced(tmp_path: Path) -> None:
    more = 'suppress_warnings += ["crossnotes.mends"]\n'
    build = sphinx_build(changed(tmp_path, "versions='<8'", more))
    assert build.exit_code == 0, build.messages


def test_a_mend_is_only_for_projects_that_have_what_it_mends(tmp_path: Path) -> None:
    """Without the theme and the extension of a mend its package need not even be there."""
    changes = "theme='alabaster', package='no-such-package'"
    build = sphinx_build(changed(tmp_path, changes))
    assert build.exit_code == 0, build.messages
    build = sphinx_build(changed(tmp_path / "2", "extension='no', package='no-such-package'"))
    assert build.exit_code == 0, build.messages


def test_the_record_names_every_module() -> None:
    folder = REPOSITORY / "crossnotes" / "mends"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "mend"}
    assert {mend.name for mend in MENDS} == modules
    assert all(mend.what and mend.versions for mend in MENDS)


def test_a_version_before_its_release_is_one() -> None:
    assert replace(MENDS[0], versions=">=0.0.1.dev1").mismatch() == ""


NEWER = """
from dataclasses import replace
from crossnotes import mends
mends.MENDS[:] = [replace(mend, versions=">=9999") for mend in mends.MENDS]
"""
#: What our mends put in the place of others' names.
UNTOUCHED = """
import sys
def untouched(app, exception):
    applied = [name for name in sys.modules if name.startswith("crossnotes.mends.")]
    print("applied:", sorted(applied))
def setup(app):
    app.connect("build-finished", untouched)
"""


def test_nothing_is_applied_to_versions_that_no_mend_was_made_for(tmp_path: Path) -> None:
    root = write_root(tmp_path / "root", PAGES)
    with (root / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(NEWER + UNTOUCHED)
    build = sphinx_build(root)
    warnings = [line for line in build.messages.splitlines() if "WARNING" in line]
    assert len(warnings) == 1, build.messages
    assert "axefix (Sphinx is " in warnings[0]
    assert "furo_ids (furo is " in warnings[0]
    assert "applied: ['crossnotes.mends.mend']" in build.messages
