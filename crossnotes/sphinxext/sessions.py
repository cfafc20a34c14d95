"""Sessions as their readers see them: without doctest's marks, an empty line for `<BLANKLINE>`.

Sphinx takes them away, too, but from other lines than a run does, and what is run has to be what
is shown.
"""

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from crossnotes.kinds import KINDS
from crossnotes.sphinxext.snippet import OUTPUT
from crossnotes.text import pycon

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata


class AsRead(SphinxTransform):
    """Changes the text of each session."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        kinds = (nodes.literal_block, nodes.doctest_block)
        for block in (each for kind in kinds for each in self.document.findall(kind)):
            text = block.astext()
            if block.rawsource != text or block.get(OUTPUT):
                continue
            kind = KINDS.get(block.get("language", ""))
            is_session = isinstance(block, nodes.doctest_block) or kind == "pycon"
            if is_session or (kind == "python" and pycon.is_session(text)):
                block.rawsource = pycon.as_read(text)
                block[:] = [nodes.Text(block.rawsource)]


def leave_to_us(app: "Sphinx", config: "Config") -> None:
    config.trim_doctest_flags = False


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_transform(AsRead)
    app.connect("config-inited", leave_to_us)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
