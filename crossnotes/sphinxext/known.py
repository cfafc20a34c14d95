"""What a build knows: the Results of the repository, and on what the marks of a page depend."""

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

from crossnotes import config as configuration
from crossnotes import dialects
from crossnotes import ledger as ledgers
from crossnotes.page import Page
from crossnotes.results import REPORTED, Mark, Results, questions, subject_of, worst
from crossnotes.run import project as projects
from crossnotes.run.reuse import own_digest
from crossnotes.sphinxext import registry
from crossnotes.targets import Target

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


def anchor_of(index: int) -> str:
    """Where a block can be linked to, whether it has a name or not."""
    return f"block-{index + 1}"


def entry(page: Page, marks: Mapping[int, Sequence[Mark]], title: str, uri: str) -> dict[str, Any]:
    """A page as verification.json has it, kept so that a build need not read them all. Addresses
    are relative to the folder that the file is in."""
    blocks = [
        {
            "line": snippet.line,
            "index": snippet.index,
            "name": snippet.name,
            "language": snippet.language,
            "tab": snippet.labels,
            "url": f"{uri}#{anchor_of(snippet.index)}",
            "targets": {
                target: {"status": mark.state, "reason": mark.reason}
                for target, mark in worst(marks[snippet.index]).items()
            },
        }
        for snippet in page.snippets
    ]
    return {"page": page.path, "title": title, "url": uri, "blocks": blocks}


def subject(
    page: Page, marks: Mapping[int, Sequence[Mark]], title: str, uri: str
) -> dict[str, Any]:
    """A page as results.json has it."""
    return {
        "id": subject_of(page.path),
        "page": page.path,
        "title": title,
        "url": uri,
        "questions": list(questions(page, marks)),
    }


#: The endings of pages that have blocks to run.
MARKDOWN = (".md", ".markdown")

#: The target that a project is for which names none and has no answers yet, as of a run.
DEFAULT = "sqlite"


class Known(Results):
    """What a site draws: the Results of the databases that the project has, not of all that can be
    had. Those are the targets of its settings and tabs, and those that have a ledger."""

    def page(self, path: Path) -> Page:
        """A page as it is now; one that is no Markdown has no blocks."""
        if path.suffix in MARKDOWN:
            return super().page(path)
        return Page(os.path.relpath(path, self.config.root), ())

    def targets(self, page: Page) -> list[Target]:
        found = super().targets(page)
        own = {*self.config.tabs.values(), *self.ledgers} or {DEFAULT}
        if page.targets or self.config.targets:
            return found  # the page, or the project, says which
        return [target for target in found if target.name in own]


def config_of(app: "Sphinx") -> configuration.Config:
    """The settings of the project. Its pages may lie beside its conf.py or anywhere else."""
    config = configuration.find(Path(app.confdir))
    pages = Path(app.srcdir).resolve()
    if pages.is_relative_to(config.root):
        return config
    return dataclasses.replace(config, root=Path(os.path.commonpath([config.root, pages])))


def ledgers_of(app: "Sphinx") -> Path:
    """The folder of the ledgers: what conf.py says, else that of the settings."""
    if said := app.config.crossnotes_ledgers:
        return Path(app.confdir, said)
    config = config_of(app)
    return config.root / config.ledger


def django_of(app: "Sphinx") -> Path | None:
    """The folder of the Django project: what conf.py says, else that of the settings."""
    if said := app.config.crossnotes_django:
        return Path(app.confdir, said)
    config = config_of(app)
    return config.root / config.django if config.django else None


def known_to(app: "Sphinx") -> Results:
    """What the ledgers say, read when the first page needs it."""
    known: Results | None = getattr(app, "crossnotes_known", None)
    if known is None:
        folder = ledgers_of(app)
        myst = registry.myst_of(app) or dialects.myst_of(Path(app.confdir))
        known = Known(config_of(app), myst, folder, django_of(app))
        if os.environ.get(REPORTED) != str(folder.resolve()):
            for problem in known.problems:
                logger.warning("%s", problem, type="crossnotes", subtype="ledger")
        app.crossnotes_known = known  # type: ignore[attr-defined]
    return known


def state_of(app: "Sphinx") -> str:
    """Changes when anything does that marks depend on, besides the pages themselves."""
    folder = Path(app.confdir)
    files = ledgers.files_of(ledgers_of(app))
    files += [path / configuration.FILE for path in (folder, *folder.parents)]
    files.append(folder / "conf.py")
    digest = hashlib.sha256(own_digest().encode())
    for file in files:
        if file.is_file():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    django = django_of(app)
    if django and (django / "manage.py").is_file():
        project = projects.of(configuration.find(folder), django)
        digest.update(project.digest.encode() if project else b"")
    return digest.hexdigest()
