"""Pages without a Django project: the driver's own connection, and the URL of the database."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossnotes.targets import Database, urls

from ..conftest import LiveServers, Repository, command

SERVERS = ["postgresql", "mariadb", "mysql"]

#: What each driver is called with the URL that it is given.
DB_API = {
    "sqlite": "import sqlite3\nconnection = sqlite3.connect(url.removeprefix('sqlite:///'))",
    "postgresql": "import psycopg\nconnection = psycopg.connect(url)",
}
DB_API["mariadb"] = DB_API["mysql"] = """\
from urllib.parse import urlsplit, unquote
import MySQLdb
at = urlsplit(url)
connection = MySQLdb.connect(
    host=at.hostname,
    port=at.port,
    user=unquote(at.username),
    password=unquote(at.password),
    database=at.path.removeprefix("/"),
)"""

SQL = """\
```sql
CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(20));
INSERT INTO player VALUES (1, 'Fred');
SELECT name, NULL AS missing FROM player;
```
```{output}
name | missing
Fred | NULL
```

```{snippet} sql
:raises: IntegrityError
INSERT INTO player VALUES (1, 'Ann');
```
"""


@pytest.fixture(params=["sqlite", *SERVERS])
def target(request: pytest.FixtureRequest, live: LiveServers, repository: Repository) -> str:
    if request.param != "sqlite":
        repository.environment.update(live.environment(request.param))
    return str(request.param)


def run(repository: Repository, target: str) -> None:
    """Every page passes; with no module of Django to be had."""
    done = command(
        *("test", "--target", target, "--no-reuse", "--trust-pages"),
        cwd=repository.root,
        environment=repository.environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_sql_needs_no_django(target: str, repository: Repository) -> None:
    repository.page(
        f"# A\n\n{SQL}\n```python\nimport sys\nprint('django' in sys.modules)\n```\n"
        "```{output}\nFalse\n```\n"
    )
    run(repository, target)


def test_page_of_the_drivers_own_api_gets_the_url(target: str, repository: Repository) -> None:
    repository.page(
        f"# A\n\n{SQL}\n```python\nimport os\nurl = os.environ['DATABASE_URL']\n{DB_API[target]}\n"
        "cursor = connection.cursor()\ncursor.execute('SELECT name FROM player')\n"
        "print(cursor.fetchall()[0][0])\n```\n```{output}\nFred\n```\n"
    )
    run(repository, target)


def test_page_of_sqlalchemy_gets_the_url(target: str, repository: Repository) -> None:
    pytest.importorskip("sqlalchemy")
    repository.page(
        "# A\n\n```python\nimport os\nfrom sqlalchemy import create_engine, text\n\n"
        "engine = create_engine(os.environ['SQLALCHEMY_URL'])\nwith engine.begin() as connection:\n"
        "    connection.execute(text('CREATE TABLE a (n INTEGER)'))\n"
        "    connection.execute(text('INSERT INTO a VALUES (7)'))\n"
        "    print(connection.execute(text('SELECT n FROM a')).scalar())\n```\n"
        "```{output}\n7\n```\n"
    )
    repository.page("# B\n\n```sql\nCREATE TABLE a (n INTEGER);\n```\n", "b.md")
    run(repository, target)


def test_command_and_setup_get_the_url_too(target: str, repository: Repository) -> None:
    settings = repository.root / "pyproject.toml"
    settings.write_text(
        settings.read_text()
        .replace(
            "[tool.crossnotes]\n",
            "[tool.crossnotes]\nsetup = \"import os; URL = os.environ['DATABASE_URL']\"\n",
            1,
        )
        .replace('\nDB_NAME = "database"', '\nMY_URL = "url"')
    )
    repository.page(
        "# A\n\n```python\nimport os\nprint(URL == os.environ['MY_URL'])\n```\n"
        "```{output}\nTrue\n```\n"
    )
    repository.page(
        '# B\n\n```console\n$ test "$DATABASE_URL" = "$MY_URL" && echo same\nsame\n```\n', "b.md"
    )
    run(repository, target)


def test_page_that_names_no_database_gets_none(repository: Repository) -> None:
    (result,) = repository.results(
        "# A\n\n```python\nimport os\nprint('DATABASE_' + 'URL' in os.environ)\n```\n"
    )
    assert result.output == "False\n"


def test_url_is_told_nowhere(live: LiveServers, repository: Repository) -> None:
    """It holds a password of the run."""
    repository.environment.update(live.environment("postgresql"))
    repository.page("# A\n\n```python\nimport os\nprint(os.environ['DATABASE_URL'])\n```\n")
    done = repository.run(target="postgresql")
    (result,) = done.results
    assert result.status == "passed"
    password = str(repository.environment).partition("postgres:")[2].partition("@")[0]
    assert password
    assert password not in result.output
    assert "********" in result.output


def test_characters_of_a_password_are_quoted() -> None:
    entry = {
        "HOST": "::1",
        "PORT": "5432",
        "USER": "a@b",
        "PASSWORD": "p/w:?",
        "NAME": "x",
        "OPTIONS": {"sslmode": "require"},
    }
    found = urls.environment(Database("x", entry), "psycopg")
    assert found["DATABASE_URL"] == "postgresql://a%40b:p%2Fw%3A%3F@[::1]:5432/x?sslmode=require"
    assert found["SQLALCHEMY_URL"].startswith("postgresql+psycopg://")


def test_page_under_pdb_gets_the_url(repository: Repository) -> None:
    settings = repository.root / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(
            "[tool.crossnotes]\n", '[tool.crossnotes]\nsource = "docs"\n', 1
        )
    )
    repository.page(
        "# A\n\n```sql\nSELECT 1;\n```\n\n```python\nimport os\nos.environ['DATABASE_URL']\n```\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--pdb"],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "1 passed" in done.stdout, done.stdout


def test_sqlite3_client_needs_no_django(repository: Repository) -> None:
    repository.page(
        "# A\n\n```console\nsqlite> CREATE TABLE a (n INTEGER);\nsqlite> .tables\na\n"
        "sqlite> .schema\nCREATE TABLE a (n INTEGER);\n```\n"
    )
    assert [r.status for r in repository.run().results] == ["passed"]
    assert not (Path(repository.root) / "db.sqlite3").exists()
