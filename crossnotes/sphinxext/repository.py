"""Where the source of the pages is: its address stands in commands that clone it, and in links that
open an issue about a block.

The address is `crossnotes_repository_url` of conf.py (or the variable CROSSNOTES_REPOSITORY_URL),
else `repository` of [tool.crossnotes], else the one that GitHub's runners name. A page writes
`{repository}` in a console block for it.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from docutils import nodes
from sphinx.util import logging

from crossnotes import config as configuration
from crossnotes.kinds import KINDS
from crossnotes.results import Mark
from crossnotes.sphinxext import naming
from crossnotes.sphinxext.known import config_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

#: What stands in a command for the address.
PLACEHOLDER = "{repository}"

#: Names that nobody can own, RFC 2606, and those of this machine.
_NOBODYS = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org)|example|test|invalid|localhost)|127\..*|\[?::1\]?"
)


def is_nobodys(url: str) -> bool:
    """Whether an address is one for examples and tests, or none on the web."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    host = parts.hostname or ""
    return parts.scheme not in ("http", "https") or not host or bool(_NOBODYS.fullmatch(host))


def address_of(app: "Sphinx") -> str:
    """The address of the repository, without a slash at its end; "" where nobody says it."""
    said: str = app.config.crossnotes_repository_url or config_of(app).repository
    if not said and os.environ.get("GITHUB_REPOSITORY"):
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        said = f"{server}/{os.environ['GITHUB_REPOSITORY']}"
    return said.rstrip("/").removesuffix(".git")


def issue(address: str, page: str, url: str, marks: Iterable[Mark]) -> str:
    """The address of a new issue about a page: it, and the versions in which it was seen to work,
    are filled in. A script adds the block, for those of the blocks."""
    every = [mark for mark in marks if mark.state == "passed"]
    versions = naming.listed(
        (label, dict.fromkeys(mark.version for mark in every if mark.label == label))
        for label in dict.fromkeys(mark.label for mark in every)
    )
    said = [f"{page}: ", f"{url}\n\n{versions}\n\n→ "]
    names, new = ["title", "body"], "issues/new"
    if "gitlab" in (urlsplit(address).hostname or ""):
        names, new = ["issue[title]", "issue[description]"], "-/issues/new"
    filled = zip(names, said, strict=True)
    return f"{address}/{new}?" + "&".join(f"{n}={quote(text, safe=':/,')}" for n, text in filled)


def put_address(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Put the address into the commands of a page."""
    address = address_of(app)
    for block in doctree.findall(nodes.literal_block):
        is_console = KINDS.get(block.get("language", "")) == "console"
        if not is_console or PLACEHOLDER not in block.rawsource:
            continue
        if address:
            text = block.astext().replace(PLACEHOLDER, address)
            block.rawsource = text
            block.children[:] = []
            block += nodes.Text(text)
        elif app.config.crossnotes_publish:
            logger.warning(
                "this command needs the address of the repository; set `repository` in "
                "[tool.crossnotes], or the variable CROSSNOTES_REPOSITORY_URL",
                location=(docname, block.line),
                type="crossnotes",
                subtype="publish",
            )


def check(app: "Sphinx") -> None:
    """Refuse an address that no reader could use: one that is none, and for a site that is
    published one of an example."""
    config = app.config
    said: str = config.crossnotes_repository_url
    if said and not configuration.is_address(said):
        _warn(
            app,
            f"crossnotes_repository_url is {said!r}; it has to be an address such as "
            "https://github.com/owner/name",
        )
    elif config.crossnotes_publish and said and is_nobodys(said):
        _warn(app, f"crossnotes_repository_url is {said!r}, an address for examples")


def _warn(app: "Sphinx", message: str) -> None:
    place = place_of(app, "crossnotes_repository_url")
    logger.warning("%s", message, location=place, type="crossnotes", subtype="publish")


def place_of(app: "Sphinx", name: str) -> str:
    """Where conf.py sets a value, as file and line; its first line where it does not."""
    path = Path(app.confdir, "conf.py")
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = (number for number, line in enumerate(lines, 1) if line.startswith(name))
    return f"{os.path.relpath(path)}:{next(found, 1)}"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    default = os.environ.get("CROSSNOTES_REPOSITORY_URL", "")
    app.add_config_value("crossnotes_repository_url", default, "html", [str])
    app.add_config_value("crossnotes_publish", False, "html", [bool])
    app.connect("builder-inited", check)
    # After the marks, which know a block by its code as the page has it.
    app.connect("doctree-resolved", put_address, priority=650)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
