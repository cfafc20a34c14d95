"""The pytest plugin: what it collects, how pages run and are reported, fixtures, the debugger."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from .conftest import PAGES, REPOSITORY, STANDIN, Repository, processes_with, wait_for_end

GREEN = """\
# Green

```python
x = 1
print("printed by green")
```

```pycon
>>> x + 1
2
```
"""

RED = """\
# Red

```python
def half(number):
    return number / 0


half(3)
```

```python
print("never")
```
"""

EXCUSED = """\
# Excused

```{snippet} python
:skip: needs a cluster
x = 1
```
"""

SETTINGS = """\
[tool.pytest.ini_options]

[tool.crossnotes]
pages = ["docs"]
"""


@pytest.fixture
def pages(pytester: pytest.Pytester) -> Repository:
    """A project of three pages, whose configuration names them, in pytester's folder."""
    found = Repository(pytester.path)
    found.write("pyproject.toml", SETTINGS)
    found.page(GREEN, "green.md")
    found.page(RED, "red.md")
    found.page(EXCUSED, "excused.md")
    return found


@pytest.fixture
def one_page(pytester: pytest.Pytester) -> Repository:
    """A project without pages as yet, whose configuration names its folder of pages."""
    found = Repository(pytester.path)
    found.write("pyproject.toml", SETTINGS)
    return found


@pytest.fixture
def django(one_page: Repository) -> Repository:
    """A project with pages and the small Django project of tests/pages."""
    shutil.copytree(PAGES / "project", one_page.django)
    one_page.write("pyproject.toml", SETTINGS + 'django = "project"\n')
    return one_page


def no_traceback_of_ours(output: str) -> bool:
    return "pytest_plugin.py" not in output and "Traceback" not in output


# -- collection -----------------------------------------------------------------------------------


def test_nothing_is_collected_unless_the_project_names_it(
    pages: Repository, pytester: pytest.Pytester
) -> None:
    pages.write("pyproject.toml", "[tool.crossnotes]\n")
    pages.write("test_other.py", "def test_other():\n    pass\n")
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*.md*")


def test_a_project_without_pages_imports_nothing_of_the_engine(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\n")
    pytester.makefile(".md", readme=GREEN)
    pytester.makepyfile(
        """
        import sys
        def test_imports():
            ours = {name for name in sys.modules if name.startswith("crossnotes")}
            assert ours == {"crossnotes", "crossnotes.pytest_plugin"}
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_one_item_a_page_and_target(pages: Repository, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--collect-only", "-q", "--crossnotes-target=sqlite", "--crossnotes-target=tidb-dedicated"
    )
    assert result.outlines[:6] == [
        "docs/excused.md::sqlite",
        "docs/excused.md::tidb-dedicated",
        "docs/green.md::sqlite",
        "docs/green.md::tidb-dedicated",
        "docs/red.md::sqlite",
        "docs/red.md::tidb-dedicated",
    ]


def test_a_page_is_collected_only_for_its_targets(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    one_page.page("---\ncrossnotes: {targets: [tidb-dedicated]}\n---\n" + GREEN, "only.md")
    one_page.page("# No code\n\nJust words.\n", "words.md")
    result = pytester.runpytest("--collect-only", "-q")
    assert result.outlines[0] == "no tests collected in" or "no tests" in result.outlines[-1]
    result = pytester.runpytest("--collect-only", "-q", "--crossnotes-target=tidb-dedicated")
    assert result.outlines[0] == "docs/only.md::tidb-dedicated"


def test_targets_of_the_configuration(pages: Repository, pytester: pytest.Pytester) -> None:
    targets = 'crossnotes_targets = "sqlite tidb-serverless"'
    pages.write("pyproject.toml", SETTINGS.replace("options]\n", f"options]\n{targets}\n"))
    result = pytester.runpytest("--collect-only", "-q", "docs/green.md")
    assert result.outlines[:2] == ["docs/green.md::sqlite", "docs/green.md::tidb-serverless"]
    result = pytester.runpytest(
        "--collect-only", "-q", "docs/green.md", "--crossnotes-target=sqlite"
    )
    assert result.outlines[:2] == ["docs/green.md::sqlite", ""]


def test_pages_below_a_folder_that_is_not_configured_are_left_alone(
    pages: Repository, pytester: pytest.Pytester
) -> None:
    pages.write("notes/other.md", RED)
    pages.write("readme.md", RED)
    result = pytester.runpytest("--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [
        "docs/excused.md::sqlite",
        "docs/green.md::sqlite",
        "docs/red.md::sqlite",
    ]


def test_a_single_page_can_be_configured(pages: Repository, pytester: pytest.Pytester) -> None:
    pages.write("pyproject.toml", SETTINGS.replace('"docs"', '"docs/green.md"'))
    pytester.runpytest().assert_outcomes(passed=1)


def test_our_own_pages_are_collected_by_our_own_plugin() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "docs/connect-to-tidb-with-django.md::sqlite" in done.stdout.splitlines(), done.stdout


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        ('pages = ["dosc"]\n', [], "pages in [[]tool.crossnotes] names 'dosc'; there is no such *"),
        (
            'pages = ["docs"]\ndjango = "docs"\n',
            [],
            "django in [[]tool.crossnotes] names 'docs', which is not a Django project: *",
        ),
        ("page = []\n", [], "*pyproject.toml:?: unknown key 'page' in [[]tool.crossnotes]; *"),
        (
            'pages = ["docs"]\n',
            ["--crossnotes-target=sqlight"],
            "unknown target 'sqlight'; known are: *sqlite*",
        ),
        (
            "",
            ["--crossnotes-target=sqlite"],
            "--crossnotes-target: no pages to run; name them as *",
        ),
    ],
)
def test_wrong_usage_is_said_and_nothing_runs(
    pages: Repository,
    pytester: pytest.Pytester,
    settings: str,
    arguments: list[str],
    message: str,
) -> None:
    pages.write("pyproject.toml", f"[tool.pytest.ini_options]\n[tool.crossnotes]\n{settings}")
    result = pytester.runpytest(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


# -- what is reported -----------------------------------------------------------------------------


def test_a_failure_is_shown_in_our_own_lines(pages: Repository, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("-ra")
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*docs/red.md [[]sqlite] ___*",
            "docs/red.md:5: [[]sqlite *] ZeroDivisionError: division by zero",
            "    return number / 0",
            "SKIPPED [[]1] docs/excused.md:5: needs a cluster",
            "FAILED docs/red.md::sqlite - docs/red.md:5: [[]sqlite *",
        ]
    )
    assert no_traceback_of_ours(result.stdout.str())
    result.stdout.no_fnmatch_line("*never*")


def test_expected_and_got(one_page: Repository, pytester: pytest.Pytester) -> None:
    one_page.page("```python\nprint(1)\n```\n\n```{output}\n2\n```\n")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(
        [
            "docs/a.md:6: [[]sqlite *] the output is not what the page shows",
            "    expected: 2",
            "         got: 1",
        ]
    )


def test_problems_of_a_page_fail_its_items(one_page: Repository, pytester: pytest.Pytester) -> None:
    one_page.page(GREEN + "\n    x = 1\n")
    one_page.page("    x = 1\n", "no-snippet.md")
    result = pytester.runpytest()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "docs/a.md:13: an indented code block has no language, *",
            "docs/no-snippet.md:1: an indented code block has no language, *",
            "FAILED docs/a.md::sqlite - docs/a.md:13: *",
            "FAILED docs/no-snippet.md::page - docs/no-snippet.md:1: *",
        ]
    )


def test_a_target_that_cannot_be_had_fails_and_says_why(
    pages: Repository, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest("docs/green.md", "--crossnotes-target=tidb-dedicated")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["docs/green.md:4: [[]tidb-dedicated] set TIDB_SERVER to a *"])
    assert "During handling" not in result.stdout.str()


def test_every_choice_of_tabs_is_in_the_one_item(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    one_page.page(
        "::::{tabs}\n:::{tab} Fine\n```python\nx = 1\n```\n:::\n"
        ":::{tab} Broken\n```python\n1 / 0\n```\n:::\n::::\n\n```python\ny = 2\n```\n"
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["docs/a.md:9: [[]sqlite *] ZeroDivisionError*"])


def test_a_block_that_ends_its_process_is_one_failure(
    pages: Repository, pytester: pytest.Pytester
) -> None:
    pages.page("```python\nimport os\n\nos._exit(3)\n```\n", "dies.md")
    result = pytester.runpytest("docs/dies.md", "docs/green.md")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["docs/dies.md:2: * ended the interpreter: * status 3*"])


def test_every_result_is_in_the_report(pages: Repository, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        def pytest_runtest_logreport(report):
            if report.when == "call":
                print("\\nREPORT", report.location, report.user_properties, report.sections)
        """
    )
    result = pytester.runpytest("-s")
    result.stdout.fnmatch_lines_random(
        [
            "REPORT ('docs/green.md', 3, 'docs/green.md [[]sqlite]') "
            "[[]('crossnotes', 'docs/green.md:4'), ('docs/green.md:4', 'passed'), "
            "('docs/green.md:9', 'passed')] "
            "[[]('Captured docs/green.md:4 call', 'printed by green\\n'), *",
            "REPORT ('docs/red.md', 4, *) [[]('crossnotes', 'docs/red.md:5'), "
            "('docs/red.md:4', 'failed: ZeroDivisionError: division by zero'), "
            "('docs/red.md:12', 'excused: not reached: docs/red.md:5 failed')] *",
            "REPORT ('docs/excused.md', 4, *) [[]('crossnotes', 'docs/excused.md:5'), "
            "('docs/excused.md:5', 'excused: needs a cluster')] *",
        ]
    )


@pytest.mark.parametrize("arguments", [[], ["-o", "junit_family=xunit1"], ["-n", "2"]])
def test_junit_has_file_and_line_of_the_page(
    pages: Repository, pytester: pytest.Pytester, arguments: list[str]
) -> None:
    pages.write("test_other.py", "def test_other():\n    pass\n")
    pytester.runpytest("--junitxml=build/report.xml", *arguments)
    tree = ElementTree.parse(pytester.path / "build/report.xml")
    cases = {case.attrib["classname"]: case for case in tree.iter("testcase")}
    places = {name: (case.get("file"), case.get("line")) for name, case in cases.items()}
    other = places.pop("test_other")
    assert other == (("test_other.py", "0") if "-o" in arguments else (None, None))
    assert places == {
        "docs.green.md": ("docs/green.md", "4"),
        "docs.red.md": ("docs/red.md", "5"),
        "docs.excused.md": ("docs/excused.md", "5"),
    }
    failure = cases["docs.red.md"].find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("docs/red.md:5: [sqlite ")
    statuses = {p.get("name"): p.get("value") for p in cases["docs.green.md"].iter("property")}
    assert statuses["docs/green.md:9"] == "passed"


def test_junit_of_other_tests_is_left_as_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(SETTINGS)
    (pytester.path / "docs").mkdir()
    pytester.makepyfile("def test_other(record_property):\n    record_property('file', 'x')\n")
    pytester.runpytest("--junitxml=report.xml")
    assert " file=" not in (pytester.path / "report.xml").read_text()


# -- pytest's own ways ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (["-k", "green.md"], {"passed": 1, "deselected": 2}),
        (["-k", "sqlite and not red"], {"passed": 1, "skipped": 1, "deselected": 1}),
        (["-k", "tidb"], {"deselected": 3}),
        (["docs/green.md::sqlite", "docs/red.md"], {"passed": 1, "failed": 1}),
        (["--deselect", "docs/red.md"], {"passed": 1, "skipped": 1, "deselected": 1}),
        (["-x", "docs/red.md", "docs/green.md"], {"failed": 1}),
    ],
)
def test_items_are_chosen_as_ever(
    pages: Repository,
    pytester: pytest.Pytester,
    arguments: list[str],
    outcomes: dict[str, int],
) -> None:
    pytester.runpytest(*arguments).assert_outcomes(**outcomes)


def test_last_failed(pages: Repository, pytester: pytest.Pytester) -> None:
    pytester.runpytest()
    result = pytester.runpytest("--lf")
    result.assert_outcomes(failed=1)
    pages.page(RED.replace("/ 0", "/ 2"), "red.md")
    pytester.runpytest("--lf").assert_outcomes(passed=1)


# -- Django, several processes --------------------------------------------------------------------

NOTE = """\
```python
from notes.models import Note

assert Note.objects.count() == 0
Note.objects.create(text="one")
```

```sql
SELECT text FROM notes_note
```
```{output}
text
one
```
"""


def test_pages_run_in_the_django_project_and_leave_nothing_to_each_other(
    django: Repository, pytester: pytest.Pytester
) -> None:
    for name in "abc":
        django.page(NOTE, f"{name}.md")
    django.page("---\ncrossnotes: {}\n---\n" + NOTE, "d.md")
    pytester.runpytest().assert_outcomes(passed=4)
    assert not (django.django / "db.sqlite3").exists()


def test_two_workers_of_xdist(
    django: Repository, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = django.root / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    for number in range(8):
        django.page(NOTE, f"page{number}.md")
    django.page(RED, "red.md")
    result = pytester.runpytest_subprocess("-n", "2", "docs")
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(["docs/red.md:5: [[]sqlite *] ZeroDivisionError*"])
    assert [path.name for path in temporary.glob("crossnotes-*")] == []


def test_xdist_workers_share_the_servers_that_we_start(
    one_page: Repository,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    needs_mariadb: None,
) -> None:
    """Three deployments at once, each started once, and ended with the run."""
    started = one_page.root / "started"
    server = one_page.write("server", f'#!/bin/sh\necho $$ >> {started}\nexec {STANDIN} "$@"\n')
    server.chmod(0o755)
    monkeypatch.setenv("TIDB_SERVER", str(server))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    pytester.makeconftest(
        """
        from crossnotes.targets import tidb
        from tests.conftest import standin_identity
        tidb.identify = standin_identity
        """
    )
    for name in "abcd":
        one_page.page(COMMIT + "```sql\nCREATE TABLE t (n INT)\n```\n", f"{name}.md")
    targets = [f"--crossnotes-target=tidb-{d}" for d in ("self-hosted", "dedicated", "serverless")]
    result = pytester.runpytest_subprocess("-n", "2", "docs", *targets)
    result.assert_outcomes(passed=12)
    pids = [int(pid) for pid in started.read_text().split()]
    assert len(pids) == 3
    for pid in pids:
        wait_for_end(pid)


def test_a_server_that_does_not_start_is_tried_once(
    one_page: Repository,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    needs_mariadb: None,
) -> None:
    started = one_page.root / "started"
    server = one_page.write("server", f"#!/bin/sh\necho $$ >> {started}\necho no luck; exit 3\n")
    server.chmod(0o755)
    monkeypatch.setenv("TIDB_SERVER", str(server))
    for name in "abcd":
        one_page.page(GREEN, f"{name}.md")
    result = pytester.runpytest_subprocess("-n", "2", "--crossnotes-target=tidb-self-hosted")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["docs/*.md:4: [[]tidb-self-hosted] * no luck"])
    assert len(started.read_text().split()) == 1


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]])
def test_ctrl_c_leaves_nothing_behind(
    one_page: Repository, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    temporary = one_page.root / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    running = one_page.root / "running"
    for name in "ab":
        code = f"import pathlib, time\npathlib.Path({str(running)!r}).touch()\ntime.sleep(600)"
        one_page.page(f"```python\n{code}\n```\n", f"{name}.md")
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=one_page.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while not running.exists():
        assert run.poll() is None
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output.decode()
    for pid in processes_with(str(temporary)):
        wait_for_end(pid)
    assert [path.name for path in temporary.glob("crossnotes-*")] == []


# -- fixtures -------------------------------------------------------------------------------------

COMMIT = "---\ncrossnotes: {}\n---\n\n"


def with_fixtures(names: str, code: str, more: str = "") -> str:
    """A page that uses fixtures. Its code begins on line 6."""
    return f"---\ncrossnotes: {{fixtures: [{names}]{more}}}\n---\n\n```python\n{code}\n```\n"


def test_fixtures_are_bound_by_name_and_torn_down(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture
        def basket():
            print("set up")
            yield ["apple"]
            print("torn down")
        @pytest.fixture(scope="module")
        def of_module(request):
            return request.node.name
        @pytest.fixture(scope="session")
        def of_session():
            return "session"
        """
    )
    code = "assert basket == ['apple']\nprint(of_module, of_session, 'from the page')"
    page = with_fixtures("basket, of_module, of_session", code)
    page += "```pycon\n>>> basket\n['apple']\n```\n"
    one_page.page(page)
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*set up", "a.md session from the page", "*torn down"])


def test_a_fixture_may_change_folder_and_environment(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture
        def elsewhere(tmp_path, monkeypatch):
            (tmp_path / "data.txt").write_text("here")
            monkeypatch.chdir(tmp_path)
            monkeypatch.setenv("PLACE", "elsewhere")
        """
    )
    code = "import os\nassert open('data.txt').read() == 'here'\nprint(os.environ['PLACE'])"
    one_page.page(with_fixtures("elsewhere", code) + "```{output}\nelsewhere\n```\n")
    one_page.page(with_fixtures("tmp_path", "open('left.txt', 'w').close()"), "b.md")
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    assert not (one_page.root / "left.txt").exists()


def test_a_page_with_fixtures_leaves_the_process_as_it_was(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    code = "import os, sys\nos.chdir('/')\nsys.path.insert(0, '/nowhere')"
    one_page.page(with_fixtures("tmp_path", code))
    pytester.makepyfile(
        """
        import os, sys
        before = os.getcwd(), list(sys.path), sys.modules["__main__"], sys.stdout
        def test_after():
            assert os.getcwd() == before[0]
            assert sys.path == before[1]
            assert sys.modules["__main__"] is before[2]
        """
    )
    result = pytester.runpytest_subprocess(
        "docs", "test_a_page_with_fixtures_leaves_the_process_as_it_was.py"
    )
    result.assert_outcomes(passed=2)


def test_a_fixture_that_is_not_there(one_page: Repository, pytester: pytest.Pytester) -> None:
    one_page.page(with_fixtures("baskte", "x = 1"))
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["docs/a.md:1: there is no fixture 'baskte'"])
    assert no_traceback_of_ours(result.stdout.str())


def test_a_failure_of_a_page_with_fixtures_is_at_its_line(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    one_page.page(with_fixtures("tmp_path", "x = 1\nx / 0"))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["docs/a.md:7: [[]sqlite *] ZeroDivisionError: division by zero", "    x / 0"]
    )
    assert no_traceback_of_ours(result.stdout.str())


def test_fixtures_beside_django(django: Repository, pytester: pytest.Pytester) -> None:
    """One process is on one database, and each program finds it clean."""
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture
        def text():
            return "one"
        """
    )
    note = NOTE.replace('"one"', "text")
    for name in "ac":
        django.page("---\ncrossnotes: {fixtures: [text]}\n---\n" + note, f"{name}.md")
    head = "---\ncrossnotes: {fixtures: [text]}\n---\n"
    for name in "bd":
        django.page(head + note, f"{name}.md")
    django.page(NOTE, "e.md")
    pytester.runpytest_subprocess().assert_outcomes(passed=5)
    assert not (django.django / "db.sqlite3").exists()


def test_fixtures_may_bring_a_django_of_their_own(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        """
        import pytest
        from django.conf import settings
        @pytest.fixture
        def connection(tmp_path):
            database = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "own.sqlite3"}
            settings.configure(DATABASES={"default": database})
            from django.db import connection
            connection.cursor().execute("CREATE TABLE t (n INT)")
            return connection
        """
    )
    page = with_fixtures("connection", "n = 3") + "```sql\nINSERT INTO t VALUES (3)\n```\n"
    one_page.page(
        page + "```pycon\n>>> connection.settings_dict['NAME'].name\n'own.sqlite3'\n```\n"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            with_fixtures("tmp_path", "x = 1") + "```console\n$ true\n```\n",
            "docs/a.md:9: [[]sqlite] a console block needs a process of its own, and pages with "
            "fixtures run inside pytest",
        ),
        (
            with_fixtures("tmp_path", "x = 1") + "```dotenv\nGREETING=a\n```\n",
            "docs/a.md:9: [[]sqlite] a dotenv block needs a process of its own, *",
        ),
        (
            with_fixtures("tmp-path", "x = 1"),
            "docs/a.md:2: 'tmp-path' cannot be a fixture, whose name is one of Python",
        ),
    ],
)
def test_what_a_page_with_fixtures_cannot_have(
    one_page: Repository, pytester: pytest.Pytester, page: str, message: str
) -> None:
    one_page.page(page)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])


def test_the_command_line_excuses_a_page_with_fixtures(repository: Repository) -> None:
    results = repository.results(with_fixtures("tmp_path", "1 / 0"))
    assert [(r.status, r.reason) for r in results] == [
        ("excused", "uses pytest fixtures; run it with pytest")
    ]


def test_a_block_that_is_written_wrongly_is_no_excuse(repository: Repository) -> None:
    page = with_fixtures("tmp_path", "x = 1") + "```{snippet} python\n:skipp: it\nx = 1\n```\n"
    results = repository.results(page)
    assert [r.status for r in results] == ["excused", "failed"]


# -- the debugger ---------------------------------------------------------------------------------


def debug(pytester: pytest.Pytester, commands: Sequence[str], *arguments: str) -> str:
    """What `pytest --pdb` says to a person who types `commands`."""
    command = [sys.executable, "-m", "pytest", "--pdb", *arguments]
    typed = "".join(f"{line}\n" for line in commands)
    return pytester.run(*command, stdin=typed.encode()).stdout.str()


def test_the_debugger_stops_at_the_line_of_the_page(
    pages: Repository, pytester: pytest.Pytester
) -> None:
    output = debug(pytester, ["p number + 38", "u", "q"], "docs/red.md")
    assert f"> {pages.root}/docs/red.md(5)half()\n-> return number / 0\n(Pdb) 41\n" in output
    assert f"> {pages.root}/docs/red.md(8)<module>()\n-> half(3)\n" in output
    assert "docs/red.md:5: [sqlite " in output


def test_the_debugger_stops_where_an_output_differs(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    one_page.page("```pycon\n>>> x = 40\n>>> x + 1\n42\n```\n")
    output = debug(pytester, ["p x + 3", "c"])
    assert f"> {one_page.root}/docs/a.md(3)<module>()\n-> >>> x + 1\n(Pdb) 43\n" in output


def test_the_debugger_sees_what_the_page_has_stored(
    django: Repository, pytester: pytest.Pytester
) -> None:
    broken = NOTE.replace("```\n\n```sql", "1 / 0\n```\n\n```sql")
    django.page(broken)
    django.page("---\ncrossnotes: {}\n---\n" + broken, "b.md")
    django.page(NOTE, "c.md")
    output = debug(pytester, ["p Note.objects.count() + 40", "c"] * 2)
    assert output.count("(Pdb) 41\n") == 2
    assert "2 failed, 1 passed" in output


def test_a_breakpoint_on_a_page(one_page: Repository, pytester: pytest.Pytester) -> None:
    one_page.page(
        "```python\nprint('first')\nx = 41\nbreakpoint()\nprint('last')\n```\n\n"
        "```{output}\nfirst\nlast\n```\n"
    )
    output = debug(pytester, ["p x + 1", "c"])
    assert f"> {one_page.root}/docs/a.md(5)<module>()" in output
    assert "(Pdb) 42\n" in output
    assert "1 passed" in output


def test_quitting_the_debugger_ends_the_run(pages: Repository, pytester: pytest.Pytester) -> None:
    pages.page("```python\nx = 41\nbreakpoint()\nx = 1\n```\n", "a.md")
    output = debug(pytester, ["q"])
    assert "Quitting debugger" in output
    assert "green" not in output


def test_the_debugger_beside_blocks_that_need_a_process(
    one_page: Repository, pytester: pytest.Pytester
) -> None:
    one_page.page("```console\n$ true\n```\n\n```python\n1 / 0\n```\n")
    output = debug(pytester, ["c"])
    assert f"> {one_page.root}/docs/a.md(6)<module>()\n-> 1 / 0\n" in output
