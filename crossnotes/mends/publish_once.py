"""Each translated message is parsed once, where Sphinx parses it twice.

It looks for translated titles first, and for that parses all messages, then each again to put it
in its place: a quarter of the reading of a Japanese page. No upstream issue was found; the place
is `Locale.apply` in https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/transforms/i18n.py
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import i18n

from crossnotes.mends.leading_marks import BEFORE, NAME

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

apply = i18n.Locale.apply


class Once:
    """Publishes the messages of one page, and gives a paragraph out again as long as nobody has
    put its text anywhere."""

    def __init__(self) -> None:
        self.publish: Callable[..., nodes.Element] = getattr(i18n, NAME)
        self.kept: dict[tuple[str, int], nodes.paragraph] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> nodes.Element:
        source, _path, line = args[BEFORE : BEFORE + 3]
        kept = self.kept.pop((source, line), None)
        if kept is not None and is_whole(kept):
            return kept
        published = self.publish(*args, **kwargs)
        if isinstance(published, nodes.paragraph):
            self.kept[source, line] = published
        return published


def is_whole(paragraph: nodes.paragraph) -> bool:
    """Whether it still has its text: what is put elsewhere gets another parent."""
    return bool(paragraph.children) and all(c.parent is paragraph for c in paragraph.children)


def apply_publishing_once(transform: i18n.Locale, **kwargs: Any) -> None:
    once = Once()
    setattr(i18n, NAME, once)
    try:
        apply(transform, **kwargs)
    finally:
        setattr(i18n, NAME, once.publish)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    i18n.Locale.apply = apply_publishing_once  # type: ignore[assignment,method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
