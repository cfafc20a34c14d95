"""Python looks for garbage less often while a site is built.

Doctrees are cycles, so that only the collector frees them, and by its defaults it looks at a few
hundred new objects at a time, at whatever the environment has grown to with them, and at all that
was imported: a fifth of the build of 500 pages, a third of that of 2000. Python's developers know
of Sphinx for it: https://github.com/python/cpython/issues/124567
"""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: About a page's worth of new objects, ten times that, and rarely all. With fewer at a time a page
#: outlives the look at it; with more the processor's cache does not hold them.
THRESHOLDS = (10_000, 10, 100)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    gc.freeze()  # what was imported stays
    gc.set_threshold(*THRESHOLDS)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
