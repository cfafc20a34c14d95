"""The pages as a reader meets them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


def in_reading_order(env: "BuildEnvironment") -> list[str]:
    """All pages: those of the tables of contents first, then the others."""
    found: dict[str, None] = {}

    def take(docname: str) -> None:
        if docname not in found:
            found[docname] = None
            for inside in env.toctree_includes.get(docname, ()):
                take(inside)

    for docname in (env.config.root_doc, *sorted(env.found_docs)):
        take(docname)
    return [docname for docname in found if docname in env.found_docs]
