"""A package of others adds a database, and a language, by entry points: installed beside
crossnotes, found by its dist-info, and run like ours. Its files are those of a page of our site."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ..conftest import REPOSITORY, LiveServers, Repository, files_of

pytest.importorskip("duckdb")

GUIDE = "docs/guides/write-a-target.md"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the package on the page "Write a target"."""
    root = tmp_path_factory.mktemp("package")
    for name, text in files_of(GUIDE).items():
        if not name.startswith(("docs/", "crossnotes_cockroachdb/")):
            write(root / name, text)
    build = "from flit_core import buildapi; print(buildapi.build_wheel('.'))"
    subprocess.run([sys.executable, "-c", build], cwd=root, check=True, capture_output=True)
    (wheel,) = root.glob("*.whl")
    return wheel


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def outside(tmp_path: Path, built: Path) -> Path:
    """The Python of a virtual environment into which that package is installed."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = venv / "lib" / version / "site-packages"
    (packages / "others.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{REPOSITORY}\n")
    with zipfile.ZipFile(built) as wheel:
        wheel.extractall(packages)
    return venv / "bin" / "python"


def packages_of(python: Path) -> Path:
    (packages,) = python.parents[1].glob("lib/*/site-packages")
    return packages


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


def test_database_of_another_package_is_run_like_ours(
    outside: Path, repository: Repository
) -> None:
    repository.page(files_of(GUIDE)["docs/duckdb.md"])
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
        (
            "TARGETS = ['duckdb']\n",
            "TARGETS of crossnotes_duckdb holds 'duckdb', which is not a Tar",
        ),
        ("from crossnotes.targets.sqlite import TARGETS\n", "a target 'sqlite' already exists"),
    ],
)
def test_package_that_is_wrong_is_named_and_left_out(
    outside: Path, repository: Repository, module: str, said: str
) -> None:
    write(packages_of(outside) / "crossnotes_duckdb/__init__.py", module)
    repository.page("# A\n\n```python\nprint(1)\n```\n")
    done = run(outside, repository, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"crossnotes.targets: duckdb of crossnotes-duckdb is not used: {said}" in done.stderr


def test_database_of_a_family_that_we_have_is_one_of_our_modules_and_a_name(
    outside: Path, live: LiveServers, repository: Repository
) -> None:
    named = live.environment("postgresql")
    module = "crossnotes_cockroachdb/__init__.py"
    write(packages_of(outside) / module, files_of(GUIDE)[module])
    info = packages_of(outside) / "crossnotes_cockroachdb-0.1.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: crossnotes-cockroachdb\nVersion: 0.1\n")
    points = "[crossnotes.targets]\ncockroachdb = crossnotes_cockroachdb\n"
    write(info / "entry_points.txt", points)
    repository.page(
        "# A\n\n```sql\nSELECT 1 AS one;\n```\n```{output}\none\n1\n```\n\n"
        "```python\nimport os, psycopg\n"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 2').fetchone())\n"
        "```\n```{output}\n(2,)\n```\n"
    )
    done = run(outside, repository, "test", "--target", "cockroachdb", "--trust-pages", **named)
    assert done.returncode == 0, done.stdout + done.stderr
