"""Programs on PostgreSQL, MariaDB and MySQL, in each isolation, and what is left of them."""

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


@pytest.mark.parametrize("isolation", ["rollback", "commit"])
def test_answer_of_a_database_is_its_own(
    on: Repository, live: LiveServers, target: str, isolation: str
) -> None:
    front = f"---\ncrossnotes: {{isolation: {isolation}}}\n---\n"
    on.page(front + CASE, "a.md")
    on.page(front + CASE, "b.md")
    done = on.run(target=target)
    assert failures(done.results) == []
    assert [r.status for r in done.results] == ["passed"] * 4
    assert done.identity == live.server(target).identity
    assert databases(live.server(target)) == []


def test_null_and_bytes_are_shown_alike(on: Repository, live: LiveServers, target: str) -> None:
    block = "```sql\nSELECT NULL AS nothing, 1.50 AS tenths;\n```\n"
    on.page(f"{block}```{{output}}\nnothing | tenths\nNULL | 1.50\n```\n")
    assert failures(on.run(target=target).results) == []


PROJECT = """\
---
crossnotes: {isolation: project}
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
    on.page("---\ncrossnotes: {isolation: project}\n---\n```python\nimport django\n```\n")
    ((_, message),) = failures(on.run(target=target).results)
    assert message == f"the program does not connect to {target}"
