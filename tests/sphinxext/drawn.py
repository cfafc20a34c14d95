"""Ledgers of real runs, and the tables that a build draws from them."""

import shutil
from xml.etree import ElementTree

from crossnotes import ledger as ledgers

from ..conftest import Repository, StandIns
from .conftest import REPOSITORY, sphinx_build


def make_site(project: Repository) -> Repository:
    """The repository with our settings of Sphinx."""
    shutil.copy(REPOSITORY / "conf.py", project.root)
    with (project.root / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('crossnotes_django = "project"\n')
    return project


def run(site: Repository, target: str) -> None:
    """A ledger of the pages, as `make results` keeps it."""
    done = site.run(target=target)
    assert not done.problem, done.problem
    ledger = done.ledger()
    assert ledger is not None
    ledgers.write_kept(ledger, ledgers.path_of(site.root / "ledger", ledger.name))


def run_on_two(site: Repository, standins: StandIns) -> Repository:
    """The site, with ledgers of SQLite and a TiDB."""
    run(site, "sqlite")
    site.environment.update(standins.environment("self-hosted"))
    run(site, "tidb-self-hosted")
    return site


def build(
    site: Repository, language: str = "en", builder: str = "html", page: str = "index"
) -> str:
    """A page after a build that has to be right."""
    done = sphinx_build(site.root, language, builder)
    assert done.exit_code == 0, done.messages
    return done.read(f"{page}.{'txt' if builder == 'text' else 'html'}")


def tables(html: str) -> list[ElementTree.Element]:
    """The tables of a page."""
    parts = html.split("<table")[1:]
    texts = [f"<table{part.partition('</table>')[0]}</table>" for part in parts]
    return [ElementTree.fromstring(text) for text in texts]


def comparisons(html: str) -> list[ElementTree.Element]:
    """The tables of a page that compare databases."""
    return [table for table in tables(html) if "crossnotes-compare" in (table.get("class") or "")]


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


def caption(table: ElementTree.Element) -> str:
    return words(next(table.iter("caption"))).removesuffix("#")


def cells(table: ElementTree.Element) -> list[list[str]]:
    """Every row of a table, the head first."""
    return [[words(cell) for cell in row] for row in table.iter("tr")]


def column(table: ElementTree.Element, number: int) -> list[str]:
    return [row[number] for row in cells(table)[1:]]


def links(table: ElementTree.Element) -> list[str]:
    """Where the links of a table's cells lead."""
    return [link.get("href") or "" for row in table.iter("tr") for link in row.iter("a")]
