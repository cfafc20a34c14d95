"""The Django project of a run: found, copied without what is private, and digested."""

import os
import sys
from pathlib import Path

import pytest

from crossnotes.run import project as projects
from crossnotes.run.project import ProjectError

from ..conftest import Repository

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
