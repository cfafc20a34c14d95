"""The Django project of a run: found, copied without what is private, and digested."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crossnotes import config
from crossnotes.run import project as projects
from crossnotes.run.project import Project, ProjectError

from ..conftest import PAGES, Repository

MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "manage.py").write_text(MANAGE)
    (folder / "app").mkdir()
    (folder / "app" / "models.py").write_text("x = 1\n")
    return folder


def test_settings_are_those_that_manage_py_names(folder: Path) -> None:
    assert projects.find(folder).settings == "site.settings"


def test_settings_that_the_project_gives_go_before(folder: Path) -> None:
    assert projects.find(folder, "other.settings").settings == "other.settings"


def test_folder_without_manage_py_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"is not a Django project: it has no manage\.py"):
        projects.find(tmp_path)


def test_manage_py_that_names_no_settings_is_told(folder: Path) -> None:
    (folder / "manage.py").write_text("print('hello')\n")
    with pytest.raises(ProjectError, match="names no DJANGO_SETTINGS_MODULE"):
        projects.find(folder)


PRIVATE = [".env", "db.sqlite3", "__pycache__/a.pyc", ".venv/bin/python", "app/.env", ".git/HEAD"]


def test_working_copy_holds_the_project_and_nothing_private(folder: Path, tmp_path: Path) -> None:
    for name in PRIVATE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SECRET=1\n")
    (folder / ".env.example").write_text("SECRET=\n")
    copy = tmp_path / "copy"
    projects.find(folder).copy_to(copy)
    copied = sorted(str(p.relative_to(copy)) for p in copy.rglob("*") if p.is_file())
    assert copied == [".env.example", "app/models.py", "manage.py"]


def test_digest_is_that_of_the_working_copy(folder: Path, tmp_path: Path) -> None:
    digest = projects.find(folder).digest
    for name in PRIVATE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SECRET=1\n")
    assert projects.find(folder).digest == digest
    projects.find(folder).copy_to(tmp_path / "copy")
    assert projects.find(tmp_path / "copy").digest == digest


def test_digest_changes_with_content_name_and_place(folder: Path) -> None:
    digests = {projects.digest(folder)}
    (folder / "app" / "models.py").write_text("x = 2\n")
    digests.add(projects.digest(folder))
    (folder / "app" / "models.py").rename(folder / "app" / "more.py")
    digests.add(projects.digest(folder))
    (folder / "app" / "more.py").rename(folder / "more.py")
    digests.add(projects.digest(folder))
    (folder / "app" / "empty.py").touch()
    digests.add(projects.digest(folder))
    assert len(digests) == 5


# -- a project that is the root of a repository ---------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def root(folder: Path) -> Path:
    """A project at the root of a repository, with pages, a site that was built, and junk."""
    (folder / "pyproject.toml").write_text('[tool.crossnotes]\ndjango = "."\n')
    (folder / ".gitignore").write_text("*.log\nmedia/\n")
    for name in ("docs/a.md", "build/html/a.html", "ledger/sqlite@3.40.json", "venv/pyvenv.cfg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1\n")
    return folder


def files_of(project: Project | None) -> list[str]:
    assert project is not None
    return sorted(str(path.relative_to(project.folder)) for path in project.files)


OURS = ["app/models.py", "manage.py", "pyproject.toml"]


def test_project_at_the_root_holds_neither_pages_nor_ledgers_nor_what_was_built(
    root: Path,
) -> None:
    found = projects.of(config.find(root))
    assert files_of(found) == [".gitignore", *OURS]


def test_project_at_the_root_holds_what_git_tracks_and_what_is_new(root: Path) -> None:
    git(root, "init", "-q")
    (root / "debug.log").write_text("1\n")
    (root / "media").mkdir()
    (root / "media" / "a.png").write_text("1\n")
    git(root, "add", "manage.py", "app")
    (root / "app" / "new.py").write_text("x = 1\n")
    (root / "venv" / ".gitignore").write_text("*\n")  # as venv itself does
    assert files_of(projects.of(config.find(root))) == [
        ".gitignore",
        "app/models.py",
        "app/new.py",
        "manage.py",
        "pyproject.toml",
    ]


def test_digest_at_the_root_is_the_same_after_a_page_a_ledger_and_a_build(root: Path) -> None:
    git(root, "init", "-q")
    before = projects.of(config.find(root))
    changed = [
        "docs/b.md",
        "ledger/mysql@9.7.json",
        "build/ledger/sqlite.json",
        "build/html/b.html",
        "debug.log",
        "locale/ja/LC_MESSAGES/a.po",
        "app/__pycache__/models.pyc",
        "db.sqlite3",
    ]
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("2\n")
    assert projects.of(config.find(root)) == before
    (root / "locale/ja/LC_MESSAGES/django.po").write_text("2\n")
    assert projects.of(config.find(root)) != before


def test_digest_is_the_same_in_a_hook_of_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "init", "-q")
    (root / "debug.log").write_text("1\n")
    before = projects.of(config.find(root))
    monkeypatch.setenv("GIT_DIR", str(root / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(root / "none"))
    assert projects.of(config.find(root)) == before


def test_results_of_a_project_at_the_root_are_taken_over(repository: Repository) -> None:
    """Though the run itself writes below the root."""
    shutil.copytree(PAGES / "project", repository.root, dirs_exist_ok=True)
    settings = repository.root / "pyproject.toml"
    settings.write_text(
        '[tool.crossnotes]\ndjango = "."\n' + settings.read_text().partition("\n")[2]
    )
    git(repository.root, "init", "-q")
    repository.page("# A\n\n```python\nfrom notes.models import Note\nNote.objects.count()\n```\n")
    first = repository.crossnotes("test", "--ledger", "build/ledger")
    assert (first.code, "earlier run" in first.out) == (0, False)
    second = repository.crossnotes("test", "--ledger", "build/ledger")
    assert (second.code, "earlier run" in second.out) == (0, True)
    (repository.root / "notes" / "rules.py").write_text("")
    assert "earlier run" not in repository.crossnotes("test").out


def test_listing_of_a_project_at_the_root_is_proved(repository: Repository) -> None:
    shutil.copytree(PAGES / "project", repository.root, dirs_exist_ok=True)
    settings = repository.root / "pyproject.toml"
    settings.write_text(
        '[tool.crossnotes]\ndjango = "."\n' + settings.read_text().partition("\n")[2]
    )
    repository.page(
        "# A\n\n```{literalinclude} ../notes/models.py\n```\n\n"
        "```python\nimport notes.models\n```\n"
    )
    done = repository.crossnotes("test")
    assert (done.code, "2       0" in done.out) == (0, True), done.out


def test_manage_py_that_is_not_python_is_told(folder: Path) -> None:
    (folder / "manage.py").write_text("(\n")
    with pytest.raises(ProjectError, match=r"manage\.py:1: not Python"):
        projects.find(folder)


def test_environment_of_a_program_has_nothing_of_the_person_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = [
        "TIDB_HOST",
        "TIDB_PASSWORD",
        "CA_PATH",
        "DATABASE_URL",
        "DJANGO_SETTINGS_MODULE",
        "PGPASSWORD",
        "MYSQL_PWD",
        "PYTHONPATH",
        "PIP_INDEX_URL",
        "VIRTUAL_ENV",
    ]
    for name in theirs:
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("KEPT_FOR_ALL", "1")
    environment = projects.environment(tmp_path, tmp_path / "tmp", Path(sys.executable))
    assert not set(theirs) & set(environment)
    assert environment["KEPT_FOR_ALL"] == "1"
    assert environment["HOME"] == str(tmp_path)
    assert environment["TMPDIR"] == str(tmp_path / "tmp")
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert environment["PIP_NO_INDEX"] == "1"


def test_connection_keys_are_given_the_facts_that_the_target_has() -> None:
    connection = {"TIDB_HOST": "host", "CA_PATH": "ca"}
    assert projects.connection_environment(connection, {"host": "h"}) == {"TIDB_HOST": "h"}


def test_program_reads_no_env_of_the_project(project: Repository) -> None:
    (project.django / ".env").write_text("GREETING='from the .env of a person'\n")
    code = "from django.conf import settings\nprint(settings.GREETING)\n"
    for commands in ("", "\n```console\n$ true\n```\n"):
        result = project.results(f"```python\n{code}```\n{commands}")[0]
        assert (result.status, result.output) == ("passed", "Hello\n")
    assert (project.django / ".env").read_text() == "GREETING='from the .env of a person'\n"
