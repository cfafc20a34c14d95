"""A label that moves from one page to another is not told of as a duplicate.

Sphinx clears what it knew of a page just before it reads the page again, so that one read early
meets the labels that pages read after it had before. It clears all at once only where it reads in
parallel. No upstream issue was found; the place is `Builder._read_serial` in
https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/builders/__init__.py
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata


def clear(app: "Sphinx", env: "BuildEnvironment", names: list[str]) -> None:
    for name in names:
        if name in env.all_docs:
            app.emit("env-purge-doc", env, name)
            env.clear_doc(name)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("env-before-read-docs", clear)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
