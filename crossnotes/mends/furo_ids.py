"""A table has its id once: furo copies it to the container that it puts around the table.

The place is WrapTableAndMathInAContainerTransform in
https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/__init__.py
"""

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class OneId(SphinxPostTransform):
    """Takes the id from the container."""

    default_priority = 501  # after furo's

    def run(self, **kwargs: Any) -> None:
        for wrapper in self.document.findall(nodes.container):
            if "table-wrapper" in wrapper["classes"]:
                wrapper["ids"] = []


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_post_transform(OneId)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
