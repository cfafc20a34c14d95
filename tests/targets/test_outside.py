"""A package of others adds a database, and a language, by entry points: installed beside
crossnotes, found by its dist-info, and run like ours."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ..conftest import REPOSITORY, LiveServers, Repository

pytest.importorskip("duckdb")

MODULE = '''
"""DuckDB for crossnotes: a file a database, in Python itself; Django does not know it."""

import shutil
from pathlib import Path

import duckdb

from crossnotes.targets import Database, Identity, Offer, Renewed, Target, Where

IDENTITY = Identity(duckdb.__version__, where=Where("built in"))


class DuckDB(Renewed):
    secrets = ordinary = ()
    identity = IDENTITY

    def __init__(self, folder):
        self.folder = folder

    def create_database(self, name):
        path = str(self.folder / f"{name}.duckdb")
        duckdb.connect(path).close()
        return Database(path, {"NAME": path}, url=f"duckdb:///{path}")

    def drop_database(self, database):
        for ending in ("", ".wal"):
            Path(database.name + ending).unlink(missing_ok=True)

    def databases(self, prefix):
        return [path.stem for path in self.folder.glob(f"{prefix}*.duckdb")]

    def close(self):
        pass


def look(environment, series=""):
    return Offer("built in", "the module duckdb", start=DuckDB)


TARGETS = [
    Target(
        "duckdb", "DuckDB", "", "duckdb", look, built_in=IDENTITY, dbapi="crossnotes_duckdb.driver"
    )
]
'''

DRIVER = """
import duckdb


def connect(entry):
    return duckdb.connect(entry["NAME"])
"""

BLOCKS = '''
DECK, CARD = "set", "tab"


def calc(code, namespace):
    """Each line is a sum, whose names are those of the page's Python."""
    return "\\n".join(str(eval(line, dict(namespace))) for line in code.splitlines())
'''

ENTRY_POINTS = """
[crossnotes.targets]
duckdb = crossnotes_duckdb

[crossnotes.blocks]
calc = crossnotes_duckdb.blocks:calc

[crossnotes.tabs]
deck = crossnotes_duckdb.blocks:DECK
deck-card = crossnotes_duckdb.blocks:CARD
"""


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """The Python of a virtual environment into which another package is installed."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = venv / "lib" / version / "site-packages"
    (packages / "others.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{REPOSITORY}\n")
    install(packages, MODULE, ENTRY_POINTS)
    return venv / "bin" / "python"


def install(packages: Path, module: str, entry_points: str) -> None:
    package = packages / "crossnotes_duckdb"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(module)
    (package / "driver.py").write_text(DRIVER)
    (package / "blocks.py").write_text(BLOCKS)
    info = packages / "crossnotes_duckdb-0.1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crossnotes-duckdb\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(entry_points)


def run(
    python: Path, repository: Repository, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "crossnotes", *arguments],
        cwd=repository.root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


PAGE = """\
# DuckDB

```sql
CREATE TABLE player (name TEXT, coins INTEGER[]);
INSERT INTO player VALUES ('Fred', [1, 2, 3]);
```

```sql
SELECT name, list_sum(coins) AS coins FROM player;
```
```{output}
name | coins
Fred | 6
```

```{snippet} sql
:raises: ProgrammingError
SELECT * FROM nobody;
```

```python
import os
import duckdb

url = os.environ["DATABASE_URL"]
rows = duckdb.connect(url.removeprefix("duckdb:///")).sql("SELECT name FROM player").fetchall()
print(rows)
```
```{output}
[('Fred',)]
```

```calc
1 + 2
len(rows)
```
```{output}
3
1
```
"""


def test_database_of_another_package_is_run_like_ours(
    outside: Path, repository: Repository
) -> None:
    repository.page(PAGE)
    done = run(outside, repository, "test", "--target", "duckdb", "--ledger", "ledger")
    assert done.returncode == 0, done.stdout + done.stderr
    ledger = repository.json("ledger/duckdb.json")
    assert [(r["language"], r["status"]) for r in ledger["results"]] == [
        *(("sql", "passed"), ("sql", "passed"), ("sql", "passed")),
        *(("python", "passed"), ("calc", "passed")),
    ]
    import duckdb

    assert ledger["server"]["version"] == duckdb.__version__
    assert ledger["versions"]["duckdb"] == duckdb.__version__


def test_next_page_finds_nothing_of_the_one_before(outside: Path, repository: Repository) -> None:
    text = "# A\n\n```sql\nCREATE TABLE a (n INTEGER);\n```\n"
    for name in ("a.md", "b.md", "c.md"):
        repository.page(text, name)
    done = run(outside, repository, "test", "--target", "duckdb", "--jobs", "1")
    assert done.returncode == 0, done.stdout


def test_failure_in_a_block_of_another_package_is_told_at_its_line(
    outside: Path, repository: Repository
) -> None:
    repository.page("# A\n\n```calc\n1 +\n```\n")
    done = run(outside, repository, "test", "--target", "duckdb")
    assert done.returncode == 1
    assert "docs/a.md:4: [duckdb" in done.stdout
    assert "SyntaxError" in done.stdout


def test_it_is_listed_and_pages_may_name_it(outside: Path, repository: Repository) -> None:
    done = run(outside, repository, "targets", "--json")
    assert "duckdb" in [row["target"] for row in json.loads(done.stdout)]
    settings = repository.root / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(
            '"SQLite" = "sqlite"', '"SQLite" = "sqlite"\nDuckDB = "duckdb"'
        )
    )
    tab = "````{{group-tab}} {}\n```python\nprint('{}')\n```\n````\n"
    tabs = tab.format("SQLite", "s") + tab.format("DuckDB", "d")
    repository.page(f"# A\n\n`````{{tabs}}\n{tabs}`````\n")
    done = run(
        outside, repository, "test", "--target", "duckdb", "--target", "sqlite", "--json", "f.json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [
        [result["output"] for result in ledger["results"]] for ledger in repository.json("f.json")
    ] == [["d\n"], ["s\n"]]


def test_tabs_of_another_package_are_a_choice(outside: Path, repository: Repository) -> None:
    card = ":::{{deck-card}} {}\n\n```python\nprint('{}')\n```\n:::\n"
    cards = card.format("pip", "p") + card.format("uv", "u")
    repository.page(f"# A\n\n::::{{deck}}\n{cards}::::\n")
    done = run(outside, repository, "test", "--json", "f.json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = [(r["tab"], r["output"]) for r in repository.json("f.json")["results"]]
    assert found == [(["pip"], "p\n"), (["uv"], "u\n")]


def test_django_project_is_told_that_django_has_no_backend(
    outside: Path, project: Repository
) -> None:
    project.page("# A\n\n```python\nprint(1)\n```\n")
    done = run(outside, project, "test", "--target", "duckdb", "--django", "project", "--no-reuse")
    assert done.returncode == 1
    assert "duckdb: failed: Django has no backend for DuckDB" in done.stdout


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("import nothing_of_the_kind\n", "ModuleNotFoundError: No module named 'nothing_of_the_k"),
        ("x = 1\n", "crossnotes_duckdb has no TARGETS"),
        ("TARGETS = ['duckdb']\n", "TARGETS of crossnotes_duckdb holds 'duckdb', which is no Tar"),
        ("from crossnotes.targets.sqlite import TARGETS\n", "there is a target 'sqlite' already"),
    ],
)
def test_package_that_is_wrong_is_named_and_left_out(
    outside: Path, repository: Repository, module: str, said: str
) -> None:
    (packages,) = outside.parents[1].glob("lib/*/site-packages")
    install(packages, module, ENTRY_POINTS)
    repository.page("# A\n\n```python\nprint(1)\n```\n")
    done = run(outside, repository, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"crossnotes.targets: duckdb of crossnotes-duckdb is not used: {said}" in done.stderr


COCKROACH = '''
"""A database that speaks PostgreSQL's protocol and has a name of its own, as CockroachDB does."""

from dataclasses import replace

from crossnotes.targets import postgresql


def look(environment, series=""):
    return postgresql.look(environment, series)


TARGETS = [replace(postgresql.TARGETS[0], name="cockroachdb", label="CockroachDB", look=look)]
'''


def test_database_of_a_family_that_we_have_is_one_of_our_modules_and_a_name(
    outside: Path, live: LiveServers, repository: Repository
) -> None:
    named = live.environment("postgresql")
    (packages,) = outside.parents[1].glob("lib/*/site-packages")
    install(packages, COCKROACH, "[crossnotes.targets]\ncockroachdb = crossnotes_duckdb\n")
    repository.page(
        "# A\n\n```sql\nSELECT 1 AS one;\n```\n```{output}\none\n1\n```\n\n"
        "```python\nimport os, psycopg\n"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 2').fetchone())\n"
        "```\n```{output}\n(2,)\n```\n"
    )
    done = run(outside, repository, "test", "--target", "cockroachdb", "--trust-pages", **named)
    assert done.returncode == 0, done.stdout + done.stderr
