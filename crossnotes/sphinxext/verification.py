"""What became of every block on every database, for programs: verification.json, results.json and a
badge, beside the pages of each language. The page with `{matrix}` shows it to readers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossnotes.results import Column, Results, database
from crossnotes.sphinxext.badge import badge
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.known import known_to
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.reading_order import in_reading_order
from crossnotes.sphinxext.states import SIGNS
from crossnotes.targets import Target, every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

SCHEMA = 1
JSON_FILE = "verification.json"
BADGE_FILE = "badge.svg"
RESULTS_FILE = "results.json"
SCHEMA_FILE = "results.schema.json"


def document(known: Results, pages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """All of it as JSON, a line a page, so that a diff of two can be read."""
    names = {name for page in pages for block in page["blocks"] for name in block["targets"]}
    targets = [_target(known, target) for target in every_target().values() if target.name in names]
    encode = json.JSONEncoder(ensure_ascii=False).encode
    yield f'{{"schema": {SCHEMA}, "targets": {encode(targets)}, "pages": [\n'
    yield ",\n".join(encode(page) for page in pages)
    yield "\n]}\n"


def _target(known: Results, target: Target) -> dict[str, Any]:
    """A database: the newest version of it that answered, and all of them by series."""
    found: dict[str, Any] = {"target": target.name, "label": target.label}
    if of_target := known.ledgers.get(target.name):
        ledger = of_target[-1]
        found["version"] = ledger.server.short
        found["versions"] = dict(ledger.versions)
        found["finished"] = f"{ledger.finished:%Y-%m-%dT%H:%M:%SZ}"
        found["series"] = {each.series: each.server.short for each in of_target}
    return found


def results(known: Results, subjects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What each database answered, in each version, as results.schema.json says; a question a
    line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    ids = {key for each in subjects for asked in each["questions"] for key in asked["answers"]}
    every = [
        database(Column(target, ledger))
        for target in every_target().values()
        for ledger in known.ledgers.get(target.name, [None])
    ]
    databases = [each for each in every if each["id"] in ids]
    yield f'{{"$schema": "{SCHEMA_FILE}", "schema": {SCHEMA},\n"databases": [\n'
    yield ",\n".join(map(encode, databases))
    yield '\n],\n"subjects": [\n'
    for number, each in enumerate(subjects):
        head = encode({name: value for name, value in each.items() if name != "questions"})
        asked = ",\n".join(map(encode, each["questions"]))
        before = ",\n" if number else ""
        yield f'{before}{head[:-1]}, "questions": [\n{asked}\n]}}'
    yield "\n]}\n"


def totals(pages: Iterable[Mapping[str, Any]]) -> tuple[str, int, int]:
    """The state of all blocks together, how many were seen to work, and how many could be.

    A block counts once: it was seen to work when it was on some database and failed on none. Those
    that are excused everywhere do not count.
    """
    states = [
        {found["status"] for found in block["targets"].values()} - {"excused"}
        for page in pages
        for block in page["blocks"]
    ]
    counted = [of_block for of_block in states if of_block]
    passed = sum("passed" in of_block and "failed" not in of_block for of_block in counted)
    if any("failed" in of_block for of_block in counted):
        return "failed", passed, len(counted)
    return ("passed" if passed == len(counted) else "changed"), passed, len(counted)


def write_files(app: "Sphinx", exception: Exception | None) -> None:
    """Beside the pages of each language, so that a link to them needs nothing of the server."""
    if exception is not None or app.builder.name != "html":
        return
    looked_at = app.crossnotes_looked_at  # type: ignore[attr-defined]
    anew = app.crossnotes_anew  # type: ignore[attr-defined]
    if not (looked_at or anew) and Path(app.outdir, JSON_FILE).exists():
        return
    entries: Mapping[str, Mapping[str, Any]] = app.env.crossnotes_entries  # type: ignore[attr-defined]
    ordered = [entries[docname] for docname in in_reading_order(app.env)]
    pages = [page for page in ordered if page["blocks"]]
    write(app, JSON_FILE, "".join(document(known_to(app), pages)))
    known = app.env.crossnotes_subjects  # type: ignore[attr-defined]
    subjects = [known[name] for name in in_reading_order(app.env) if known[name]["questions"]]
    write(app, RESULTS_FILE, "".join(results(known_to(app), subjects)))
    write(app, SCHEMA_FILE, Path(__file__).with_name(SCHEMA_FILE).read_text(encoding="utf-8"))
    state, passed, of = totals(pages)
    said = str(_("{passed} of {all} seen to work")).format(passed=passed, all=of)
    svg = badge(str(_("code blocks")), f"{SIGNS[state]} {said}", state, app.config.language)
    write(app, BADGE_FILE, svg)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
