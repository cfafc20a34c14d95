"""What a project's Sphinx makes of Markdown: `python -m crossnotes.sphinxext.registry FOLDER`.

Loads the conf.py of FOLDER and prints JSON: the block extensions of MyST that are on, the
substitutions, and for each registered directive whether its body is `content` (parsed again),
`code` (shown as it is) or `none`. No attribute of a directive class says so; each is tried on a
body that holds a code block, and the doctree shows what became of it. What was found of classes
that come with Sphinx, MyST, sphinx-tabs and us is in directives.json, made by `--all`, and is not
tried again.
"""

import contextlib
import io
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.languages import en
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.util.logging import suppress_logging

from crossnotes import markdown
from crossnotes.markdown import Myst

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
    # docutils has no public way to ask for all that it knows.
    registries: Any = directives
    for name in registries._directive_registry:
        found[name], _messages = registries.directive(name, en, new_document("probe"))
    found |= registries._directives
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


def class_name(called: Any) -> str:
    """What tells a directive from another of the same name."""
    return f"{called.__module__}.{getattr(called, '__qualname__', type(called).__qualname__)}"


def is_known(name: str, called: Any) -> bool:
    return markdown.known_directives().get(name, {}).get("class") == class_name(called)


def myst_of(app: Sphinx) -> Myst | None:
    """The MyST of a project that is loaded, or None if some of its directives have to be tried."""
    if not all(is_known(name, called) for name, called in directive_classes(app).items()):
        return None
    return Myst(
        frozenset(getattr(app.config, "myst_enable_extensions", ())),
        markdown.default_directives(),
        _substitutions(app),
    )


def _substitutions(app: Sphinx) -> dict[str, str]:
    values = getattr(app.config, "myst_substitutions", {})
    return {key: str(value) for key, value in values.items()}


def ask(conf: Path, try_all: bool = False) -> dict[str, Any]:
    """Everything that reader.py has to be told of the project whose conf.py is in `conf`."""
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
        known = {} if try_all else markdown.default_directives()
        found = dict.fromkeys(sorted(classes), "none")
        names = []
        for name, called in classes.items():
            if not try_all and is_known(name, called):
                found[name] = known[name]
            elif getattr(called, "has_content", True):
                names.append(name)
        calls: list[str] = []
        for number, (name, page) in enumerate(probes(names)):
            (source / f"probe{number}.md").write_text(page)
            calls.append(name)
        app.env.find_files(app.config, app.builder)
        with suppress_logging():
            for number, name in enumerate(calls):
                if found[name] == "none":
                    found[name] = _kind(app, f"probe{number}")
        return {
            "extensions": sorted(getattr(app.config, "myst_enable_extensions", ())),
            "substitutions": _substitutions(app),
            "directives": found,
            "classes": {name: class_name(called) for name, called in classes.items()},
        }


def _kind(app: Sphinx, docname: str) -> str:
    try:
        app.builder.read_doc(docname, _cache=False)
        return kind_of(app.env.get_doctree(docname))
    except Exception:  # what a directive makes of a wrong argument is its own business
        return "none"


def main() -> None:
    """Answer for a folder; with `--all`, as directives.json holds it."""
    (folder,) = (Path(argument) for argument in sys.argv[1:] if argument != "--all")
    with _answering() as answer:
        if "--all" not in sys.argv:
            json.dump(ask(folder), answer)
        else:
            _print_all(folder, answer)


@contextlib.contextmanager
def _answering() -> Iterator[TextIO]:
    """Where the answer goes; what conf.py and all that it starts print goes to standard error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        yield answer


def _print_all(folder: Path, answer: TextIO) -> None:
    found = ask(folder, try_all=True)
    rows = [
        f'"{name}": {json.dumps({"body": body, "class": found["classes"][name]})}'
        for name, body in sorted(found["directives"].items())
    ]
    answer.write("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
