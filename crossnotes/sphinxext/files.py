"""Files that stand beside the pages of a language."""

from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def write(app: "Sphinx", name: str, text: str) -> None:
    """Write a file into the output folder, unless it says that already."""
    path = Path(app.outdir, name)
    if not path.exists() or path.read_bytes() != text.encode():
        files.write(path, text)
