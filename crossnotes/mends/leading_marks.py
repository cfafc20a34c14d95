"""A translation that begins like a list, a quote or a heading is text all the same.

Sphinx parses each translated message by itself, so a heading `1. 準備` becomes a list, is not what
Sphinx expects there, and the reader sees the English one, without a warning. A message is never
more than a paragraph, so the mark is escaped. For headings no issue was found; for code it is
https://github.com/executablebooks/MyST-Parser/issues/444.
"""

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import i18n

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

MARK = re.compile(r"^(\d{1,9}(?=[.)]\s)|(?=(?:[-+*]|#{1,6})\s|>))")

#: The function that publishes a translated message, and how many arguments stand before the
#: message. It is another one since Sphinx 9.
NAME, BEFORE = ("_publish_msgstr", 0) if hasattr(i18n, "_publish_msgstr") else ("publish_msgstr", 1)

publish = getattr(i18n, NAME, None)


def escape(message: str) -> str:
    return MARK.sub(r"\1\\", message, count=1)


def publish_as_text(*args: Any, **kwargs: Any) -> nodes.Element:
    before, (message, path, *rest) = args[:BEFORE], args[BEFORE:]
    if path.endswith(".md"):
        message = escape(message)
    assert publish is not None
    published: nodes.Element = publish(*before, message, path, *rest, **kwargs)
    return published


def setup(app: "Sphinx") -> "ExtensionMetadata":
    setattr(i18n, NAME, publish_as_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
