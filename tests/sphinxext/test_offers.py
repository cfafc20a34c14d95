"""A page's code as one file: whom it is offered to, and what is in it. tests/test_downloads.py runs
them all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import serve

LOCKS = "subjects/row-locks"
LINKS = ".crossnotes-downloads a"


@pytest.fixture(scope="module")
def host(published: Path) -> Iterator[str]:
    with serve(published) as address:
        yield address


def shown(page: Page) -> list[str]:
    return [link.inner_text() for link in page.locator(f"{LINKS}:visible").all()]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_database_has_its_file(page: Page, host: str, published: Path, language: str) -> None:
    page.goto(f"{host}/{language}/{LOCKS}.html")
    comma = {"en": ", ", "ja": "、"}[language]
    assert shown(page) == [f"MySQL{comma}MariaDB", "TiDB", "PostgreSQL", "SQLite"]
    files = [link.get_attribute("href") for link in page.locator(LINKS).all()]
    texts = [(published / language / "subjects" / str(f)).read_text("utf-8") for f in files]
    assert ["innodb_lock_wait_timeout" in text for text in texts] == [True, True, False, False]
    assert ['{"timeout": 0}' in text for text in texts] == [False, False, False, True]
    assert "for MySQL and MariaDB, in reading order" in texts[0]


def test_the_file_of_the_chosen_database_is_offered_alone(page: Page, host: str) -> None:
    page.goto(f"{host}/en/{LOCKS}.html?db=mysql")
    assert shown(page) == ["MySQL, MariaDB"]
    page.locator(".crossnotes-chooser select:visible").select_option("sqlite")
    assert shown(page) == ["SQLite"]
    # Oracle has none, so the others stay.
    page.locator(".crossnotes-chooser select:visible").select_option("oracle")
    assert len(shown(page)) == 4


def test_without_scripts_all_are_offered(page_without_scripts: Page, host: str) -> None:
    page_without_scripts.goto(f"{host}/en/{LOCKS}.html?db=mysql")
    assert len(shown(page_without_scripts)) == 4


def test_a_file_that_is_the_same_for_all_has_no_names(page: Page, host: str) -> None:
    page.goto(f"{host}/en/subjects/upsert.html?db=tidb")
    assert shown(page) == ["Python"]


def test_a_database_that_a_page_was_never_run_on_is_offered_nothing(page: Page, host: str) -> None:
    page.goto(f"{host}/en/databases/oracle.html")
    expect(page.locator(LINKS)).to_have_count(0)


def test_deployments_with_files_of_their_own_are_told_apart(page: Page, host: str) -> None:
    page.goto(f"{host}/en/subjects/tls.html")
    assert {"TiDB Serverless", "TiDB Dedicated", "TiDB Self-Hosted"} <= set(shown(page))
