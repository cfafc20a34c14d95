"""What a project's Sphinx makes of Markdown: `python -m crossnotes.sphinxext.registry FOLDER`.

Loads the conf.py of FOLDER and prints JSON: the block extensions of MyST that are on, the
substitutions, and for each registered directive whether its body is `content` (parsed again),
`code` (shown as it is) or `none`. No attribute of a directive class says so; each is tried on a
body that holds a code block, and the doctree shows what became of it.
"""

import io
import itertools
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.languages import en
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.util.logging import suppress_logging

#: The code block in each probe.
PROBE = "probe = 1"

#: Arguments to try; a directive that needs one says nothing of its body without it.
ARGUMENTS = ("", "probe", "python", "1", "probe()", "html")

#: Bodies to try: a directive may want a list, or a paragraph before anything else.
FENCE = f"```python\n{PROBE}\n```"
IN_LIST = FENCE.replace("\n", "\n    ")
BODIES = (FENCE, f"Words.\n\n{FENCE}", f"* - {IN_LIST}", f"Term\n: Words.\n\n  {FENCE}")
INSIDE_TABS = ("tab", "group-tab", "code-tab")


def directive_classes(app: Sphinx) -> dict[str, Any]:
    """All names under which a page of this project can call a directive, with what is called."""
    found: dict[str, Any] = {}
    for name in directives._directive_registry:
        found[name], _messages = directives.directive(name, en, new_document("probe"))
    found |= directives._directives
    for domain in app.env.domains.sorted():
        for name, called in domain.directives.items():
            found[f"{domain.name}:{name}"] = called
            if domain.name in ("std", app.config.primary_domain):
                found[name] = called
    return found


def probes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(name, page) for each way to call each directive."""
    for name in names:
        for argument, body in itertools.product(ARGUMENTS, BODIES):
            page = f"# Probe\n\n::::::{{{name}}} {argument}\n\n{body}\n::::::\n"
            if name in INSIDE_TABS:
                page = f"# Probe\n\n:::::::{{tabs}}\n{page.removeprefix('# Probe')}\n:::::::\n"
            yield name, page


def kind_of(doctree: nodes.document) -> str:
    """What became of the probe's code block."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text.strip() == PROBE:
            return "content"
        if PROBE in text and "```" in text:
            return "code"
    return "none"


def ask(conf: Path) -> dict[str, Any]:
    """Everything that parse.py has to be told of the project whose conf.py is in `conf`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source"
        source.mkdir()
        (source / "index.md").write_text("# Index\n")
        app = Sphinx(
            source,
            conf,
            folder / "out",
            folder / "doctrees",
            "dummy",
            confoverrides={"root_doc": "index", "exclude_patterns": [], "nitpicky": False},
            status=None,
            warning=io.StringIO(),
        )
        classes = directive_classes(app)
        found = dict.fromkeys(sorted(classes), "none")
        names = [name for name in found if getattr(classes[name], "has_content", True)]
        calls: list[str] = []
        for number, (name, page) in enumerate(probes(names)):
            (source / f"probe{number}.md").write_text(page)
            calls.append(name)
        app.env.find_files(app.config, app.builder)
        with suppress_logging():
            for number, name in enumerate(calls):
                if found[name] == "none":
                    found[name] = _kind(app, f"probe{number}")
        extensions = getattr(app.config, "myst_enable_extensions", ())
        return {
            "extensions": sorted(extensions),
            "substitutions": {
                key: str(value)
                for key, value in getattr(app.config, "myst_substitutions", {}).items()
            },
            "directives": found,
        }


def _kind(app: Sphinx, docname: str) -> str:
    try:
        app.builder.read_doc(docname, _cache=False)
        return kind_of(app.env.get_doctree(docname))
    except Exception:  # what a directive makes of a wrong argument is its own business
        return "none"


if __name__ == "__main__":
    json.dump(ask(Path(sys.argv[1])), sys.stdout)
