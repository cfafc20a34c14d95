"""sphinx-build in a process of our own: `python -m crossnotes.site.process`, with its arguments.

Python looks for garbage less often here. Doctrees are cycles, so that only the collector frees
them, and by its defaults it looks at a few hundred new objects at a time, at whatever the
environment has grown to with them, and at all that was imported: a fifth of the build of 500 pages,
a third of that of 2000. Python's developers know of Sphinx for it:
https://github.com/python/cpython/issues/124567
A process that others started keeps its own settings: no extension of ours does this.
"""

import contextlib
import gc
import sys
import tempfile
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.cmd.build import main

#: About a page's worth of new objects, ten times that, and rarely all. With fewer at a time a page
#: outlives the look at it; with more the processor's cache does not hold them.
THRESHOLDS = (10_000, 10, 100)

build = Sphinx.build


def build_without_what_stays(app: Sphinx, *args: object, **kwargs: object) -> None:
    gc.freeze()  # all extensions are imported, and stay
    build(app, *args, **kwargs)  # type: ignore[arg-type]


def keep_reports(arguments: list[str]) -> list[str]:
    """Have Sphinx write what it reports of a crash beside its doctrees, which are the project's
    own, and not where each would stay for ever. Those of earlier builds go."""
    folder = Path(arguments[arguments.index("-d") + 1])
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for report in folder.glob("sphinx-err-*.log"):
            report.unlink()
        tempfile.tempdir = str(folder)
    return arguments


if __name__ == "__main__":
    gc.set_threshold(*THRESHOLDS)
    Sphinx.build = build_without_what_stays  # type: ignore[method-assign,assignment]
    sys.exit(main(keep_reports(sys.argv[1:])))
