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

publish = i18n._publish_msgstr


def escape(message: str) -> str:
    return MARK.sub(r"\1\\", message, count=1)


def publish_as_text(source: str, source_path: str, *args: Any, **kwargs: Any) -> nodes.Element:
    if source_path.endswith(".md"):
        source = escape(source)
    return publish(source, source_path, *args, **kwargs)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    i18n._publish_msgstr = publish_as_text
    return {"parallel_read_safe": True, "parallel_write_safe": True}
