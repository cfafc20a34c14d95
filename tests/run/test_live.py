"""Programs on PostgreSQL, MariaDB and MySQL, and what is left of them."""

import os
import shutil

import pytest

from crossnotes.run import project as projects

from ..conftest import REPOSITORY, LiveServers, Repository, failures
from ..targets.test_live import TARGETS, databases

pytestmark = pytest.mark.parametrize("target", TARGETS)


@pytest.fixture
def on(project: Repository, live: LiveServers, target: str) -> Repository:
    """A project whose pages run on the server that is there already."""
    project.environment = {"PATH": os.environ["PATH"], **live.environment(target)}
    return project


CASE = """\
```python
from notes.models import Note
Note.objects.create(text="Fred")
```

```pycon
>>> Note.objects.filter(text="freD").exists()
```
```{output}
:targets: postgresql
False
```
```{output}
True
```
"""


def test_answer_of_a_database_is_its_own(on: Repository, live: LiveServers, target: str) -> None:
    on.page(CASE, "a.md")
    on.page(CASE, "b.md")
    done = on.run(target=target)
    assert failures(done.results) == []
    assert [r.status for r in done.results] == ["passed"] * 4
    assert done.identity == live.server(target).identity
    assert databases(live.server(target)) == []


IN_PSQL = """\
postgres=# INSERT INTO notes_note (text, stars) VALUES ('a', 1), ('b', 2);
INSERT 0 2
postgres=# SELECT text, stars FROM notes_note
postgres-# ORDER BY stars;
 text | stars
------+-------
 a    |     1
 b    |     2
(2 rows)

postgres=# DELETE FROM notes_note;
DELETE 2
"""
IN_MYSQL = """\
mysql> INSERT INTO notes_note (text, stars) VALUES ('a', 1), ('b', 2);
Query OK, 2 rows affected (0.01 sec)
Records: 2  Duplicates: 0  Warnings: 0

mysql> SELECT text, stars FROM notes_note
    -> ORDER BY stars;
+------+-------+
| text | stars |
+------+-------+
| a    |     1 |
| b    |     2 |
+------+-------+
2 rows in set (0.00 sec)

mysql> SELECT stars FROM notes_note WHERE text = 'a'\\G
*************************** 1. row ***************************
stars: 1
1 row in set (0.00 sec)

mysql> UPDATE notes_note SET stars = 2;
Query OK, 1 row affected (0.00 sec)
Rows matched: 2  Changed: 1  Warnings: 0

mysql> SELECT text FROM notes_note WHERE stars = 1;
Empty set (0.00 sec)

mysql> DELETE FROM notes_note;
Query OK, 2 rows affected (0.00 sec)
"""


def test_session_is_shown_as_its_client_does(on: Repository, target: str) -> None:
    session = IN_PSQL if target == "postgresql" else IN_MYSQL
    on.page(f"```console\n{session}```\n")
    assert failures(on.run(target=target).results) == []


def test_number_of_rows_that_a_client_tells_is_checked(on: Repository, target: str) -> None:
    session = IN_PSQL if target == "postgresql" else IN_MYSQL
    wrong = session.replace("DELETE 2", "DELETE 3").replace(
        "OK, 2 rows affected (0.00", "OK, 3 rows affected (0.00"
    )
    on.page(f"```console\n{wrong}```\n")
    (result,) = on.run(target=target).results
    assert result.failure is not None
    assert result.failure.line == 1 + len(wrong.splitlines())
    assert result.failure.message.startswith(
        "the statement returned or changed a different number of rows"
    )
    assert (result.failure.got, "3" in result.failure.expected) == ("2 rows", True)


def test_null_and_bytes_are_shown_alike(on: Repository, live: LiveServers, target: str) -> None:
    block = "```sql\nSELECT NULL AS nothing, 1.50 AS tenths;\n```\n"
    on.page(f"{block}```{{output}}\nnothing | tenths\nNULL | 1.50\n```\n")
    assert failures(on.run(target=target).results) == []


PROJECT = """\
---
crossnotes: {}
---
```dotenv
DB_ENGINE='some.backend'
DB_HOST='{host}'
DB_PORT='{port}'
DB_USER='{user}'
DB_PASSWORD='{password}'
DB_NAME='{database}'
```

```console
$ python manage.py migrate --verbosity 0
```

```python
from django.db import connection
from players.models import Player
Player.objects.create(name="花子")
assert Player.objects.get().name == "花子"
print(connection.settings_dict["PASSWORD"])
```
"""


def test_sample_project_runs_on_it_with_what_its_page_shows(
    repository: Repository, live: LiveServers, target: str
) -> None:
    shutil.copytree(
        REPOSITORY / "snippets",
        repository.django,
        ignore=shutil.ignore_patterns(*projects.LEFT_OUT),
    )
    repository.environment = {"PATH": os.environ["PATH"], **live.environment(target)}
    repository.page(PROJECT)
    done = repository.run(target=target)
    assert failures(done.results) == []
    assert [r.status for r in done.results] == ["passed"] * 3
    # The one thing that was printed is the password.
    assert done.results[-1].output == "********\n"
    assert databases(live.server(target)) == []


def test_project_page_that_connects_elsewhere_fails(
    on: Repository, live: LiveServers, target: str
) -> None:
    elsewhere = '"ENGINE": "django.db.backends.sqlite3", "NAME": "here.sqlite3"'
    settings = f"from project.settings import *\nDATABASES = {{'default': {{{elsewhere}}}}}\n"
    on.page(
        "```{snippet} python\n:file: notebook/elsewhere.py\n"
        f"{settings.replace('project.settings', 'notebook.settings')}```\n\n"
        "```console\n$ sed -i s/notebook.settings/notebook.elsewhere/ manage.py\n```\n\n"
        "```python\nimport django\n```\n"
    )
    ((_, message),) = failures(on.run(target=target).results)
    assert message == f"the program does not connect to {target}"
