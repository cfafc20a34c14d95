"""Files that stand beside the pages of a language."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def write(app: "Sphinx", name: str, text: str) -> None:
    """Write a file into the output folder, unless it says that already."""
    path = Path(app.outdir, name)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
