"""Every file that a page of ours offers is run on each database that it is offered for: as a reader
does it, in the folder of the project, on a clean database."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crossnotes import config, dialects
from crossnotes.run import project as projects
from crossnotes.run.databases import Databases
from crossnotes.sphinxext.downloads import Offer, offers, text_of
from crossnotes.sphinxext.known import Known
from crossnotes.targets import Database

from .conftest import REPOSITORY, LiveServers

#: Those that this machine has; a TiDB is none of them.
TARGETS = ("sqlite", "postgresql", "mariadb", "mysql")
#: For one file, on a machine that is busy.
SECONDS = 240


@pytest.fixture(scope="module")
def known() -> Known:
    settings = config.find(REPOSITORY)
    folder, django = REPOSITORY / settings.ledger, REPOSITORY / settings.django
    return Known(settings, dialects.myst_of(REPOSITORY), folder, django)


@pytest.fixture(scope="module")
def offered(known: Known) -> list[tuple[str, Offer]]:
    return [(page.path, offer) for page in known.pages() for offer in offers(known, page)]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("target", TARGETS)
def test_every_file_runs_on_the_database_that_it_is_offered_for(
    target: str, live: LiveServers, known: Known, offered: list[tuple[str, Offer]], tmp_path: Path
) -> None:
    databases = Databases(live.server(target), "crossnotes_files")
    (tmp_path / "home").mkdir()
    plain = projects.environment(tmp_path / "home", tmp_path, Path(sys.executable))
    # Files that install what is there already find no network.
    plain |= {"PIP_REQUIRE_VIRTUALENV": ""}

    def run(database: Database, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        given = projects.connection_environment(known.config.connection, database.facts)
        if not given and arguments[0] == "manage.py":
            given = {"DB_ENGINE": database.django["ENGINE"], "DB_NAME": database.name}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=plain | given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def migrate(database: Database) -> None:
        done = run(database, copy_of("migrated"), "manage.py", "migrate", "-v0")
        assert done.returncode == 0, done.stderr

    def copy_of(name: str) -> Path:
        folder = tmp_path / name
        if not folder.exists():
            assert known.project is not None
            known.project.copy_to(folder)
        return folder

    failed = {}
    own = [(page, offer) for page, offer in offered if target in offer.targets]
    for number, (page, offer) in enumerate(own):
        folder = copy_of(f"copy-{number}")
        (folder / ".env").touch()  # a file that makes one asks a reader for his own values
        (folder / "page.py").write_text(text_of(known, offer, "A page"), encoding="utf-8")
        makes_tables = any(snippet.kind in ("dotenv", "file") for snippet in offer.program.snippets)
        database = databases.empty() if makes_tables else databases.clean(migrate)
        if target == "sqlite":  # the file that the project's settings name
            shutil.copyfile(database.name, folder / "db.sqlite3")
        done = run(database, folder, "page.py")
        databases.take_back(database)
        if done.returncode:
            failed[page] = done.stderr[-600:]
    databases.close()
    assert len(own) > 25
    assert not failed, "\n\n".join(f"{page}: {text}" for page, text in failed.items())
