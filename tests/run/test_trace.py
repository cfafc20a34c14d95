"""A listing is proved when the page's program ran it, in whatever process, or opened it."""

import pytest

from ..conftest import Repository

LISTING = """\
```{{literalinclude}} ../project/notes/{file}
{options}```
"""

#: The region `star` of tests/pages/project/notes/rules.py.
STAR = LISTING.format(
    file="rules.py", options=':start-after: "# [start: star]"\n:end-before: "# [end: star]"\n'
)


def page(*parts: str) -> str:
    head = "---\ncrossnotes: {}\n---\n\n"
    return head + "\n".join(parts)


def python(*lines: str) -> str:
    return "```python\n" + "\n".join(lines) + "\n```\n"


CALL = python(
    "from notes.models import Note",
    "from notes.rules import star",
    'star(Note.objects.create(text="a"))',
)
CALL_WRONGLY = python(
    "try:",
    "    star(Note(), times=0)",
    "except ValueError:",
    "    pass",
)


def test_listing_that_ran_wholly_passes(project: Repository) -> None:
    results = project.results(page(STAR, CALL, CALL_WRONGLY))
    assert [r.status for r in results] == ["passed"] * 3
    assert results[0].line == 5


def test_listing_may_stand_below_what_runs_it(project: Repository) -> None:
    results = project.results(page(CALL, CALL_WRONGLY, STAR))
    assert [r.status for r in results] == ["passed"] * 3


def test_statement_that_did_not_run_is_named_at_the_listings_line(project: Repository) -> None:
    results = project.results(page(STAR, CALL))
    assert [r.status for r in results] == ["failed", "passed"]
    failure = results[0].failure
    assert failure is not None
    assert (failure.line, failure.message) == (
        5,
        "1 line of this listing did not run in this page's program",
    )
    assert failure.details == ("rules.py:10: raise ValueError(",)


def test_listing_of_which_nothing_ran_fails(project: Repository) -> None:
    line, _ = project.failure(page(STAR, python("import notes.rules"), CALL_WRONGLY[:0]))
    assert line == 5


def test_listing_that_was_not_loaded_fails(project: Repository) -> None:
    (result, _) = project.results(page(STAR, python("print(1)")))
    assert result.failure is not None
    assert result.failure.details == ("rules.py was not loaded by this page's program",)


def test_page_of_a_listing_alone_fails(project: Repository) -> None:
    (result,) = project.results(page(STAR))
    assert result.status == "failed"


def test_branch_that_another_tab_runs_is_left_to_it(project: Repository) -> None:
    said = STAR.replace("```\n", ":elsewhere: if times < 1: | the other tab gives none\n```\n")
    said = said.replace("```{", "```{", 1)
    results = project.results(page(said, CALL))
    assert [r.status for r in results] == ["passed", "passed"]


def test_elsewhere_excuses_its_branch_and_no_other(project: Repository) -> None:
    said = STAR.replace("```\n", ":elsewhere: if times < 1: | the other tab gives none\n```\n")
    (result, _) = project.results(page(said, python("import notes.rules")))
    assert result.failure is not None
    assert result.failure.details == (
        "rules.py:13: note.stars += times",
        "rules.py:14: note.save()",
        "rules.py:15: return note.stars",
    )


def test_statement_of_another_program_proves_nothing(project: Repository) -> None:
    project.page(page(CALL, CALL_WRONGLY), "a.md")
    project.page(page(STAR, python("import notes.rules")), "b.md")
    done = project.run()
    assert [(r.page, r.status) for r in done.results if r.status != "passed"] == [
        ("docs/b.md", "failed")
    ]


def test_statement_that_runs_in_a_child_process_counts(project: Repository) -> None:
    command = (
        "```console\n$ python manage.py migrate\n"
        "$ python manage.py shell -v 0 -c 'from notes.rules import *; "
        'print(star(Note.objects.create(text="a")))\'\n1\n```\n'
    )
    results = project.results(page(command, STAR))
    assert [r.status for r in results] == ["passed", "failed"]
    assert results[1].failure is not None
    assert results[1].failure.details == ("rules.py:10: raise ValueError(",)


def test_whole_rollback_page_proves_its_listings_too(project: Repository) -> None:
    results = project.results(page(STAR, CALL, CALL_WRONGLY))
    assert [r.status for r in results] == ["passed"] * 3


DRAWN = python(
    "from django.test import Client",
    "from django.conf import settings",
    "settings.ALLOWED_HOSTS = ['testserver']",
    "Client().get('/').status_code",
)


def test_template_that_was_opened_passes(project: Repository) -> None:
    listing = LISTING.format(file="templates/notes/list.html", options="")
    results = project.results(page(listing, DRAWN))
    assert [(r.language, r.status) for r in results] == [("html", "passed"), ("python", "passed")]


def test_template_that_was_not_opened_fails(project: Repository) -> None:
    listing = LISTING.format(file="templates/notes/unused.html", options="")
    (result, _) = project.results(page(listing, DRAWN))
    assert result.failure is not None
    assert result.failure.details == ("unused.html was not opened by this page's program",)


@pytest.mark.parametrize("options", ["", ":pyobject: unstar\n"])
def test_region_of_a_file_is_all_that_counts(project: Repository, options: str) -> None:
    call = python(
        "from notes.models import Note",
        "from notes.rules import unstar",
        'unstar(Note(text="a"))',
    )
    (result, _) = project.results(page(LISTING.format(file="rules.py", options=options), call))
    assert (result.status == "passed") is bool(options)


def test_listing_is_not_reached_when_the_page_failed_before(project: Repository) -> None:
    results = project.results(page(STAR, python("1 / 0"), CALL))
    assert [r.status for r in results] == ["excused", "failed", "excused"]
    assert results[0].reason == "not reached: docs/a.md:11 failed"


def test_process_that_loads_nothing_shown_is_left_alone(project: Repository) -> None:
    """What looks at every call makes pip three times as slow."""
    asking = "import sys; print('coverage' in sys.modules, sys.gettrace() is None)"
    told = '```console\n$ python3 -c "{}"\n{}\n```\n'
    loading = f"open('notes/rules.py').close(); {asking}"
    results = project.results(
        page(STAR, told.format(asking, "False True"), told.format(loading, "True False"))
        + CALL
        + CALL_WRONGLY
    )
    assert [r.status for r in results] == ["passed"] * 5, results[1].reason + results[2].reason


def test_module_that_a_thread_loads_is_counted(project: Repository) -> None:
    code = python(
        "import threading",
        "from notes.models import Note",
        "def late():",
        "    from notes.rules import star",
        '    star(Note.objects.create(text="a"))',
        "    try:",
        "        star(Note(), times=0)",
        "    except ValueError:",
        "        pass",
        "thread = threading.Thread(target=late)",
        "thread.start()",
        "thread.join()",
    )
    results = project.results(page(STAR, code))
    assert [r.status for r in results] == ["passed"] * 2
