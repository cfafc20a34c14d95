"""The copy button in Japanese, which sphinx-copybutton, whose words are in its script, lacks.

https://github.com/executablebooks/sphinx-copybutton/issues/113
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

START = "const messages = {\n"
JAPANESE = {
    "copy": "コピー",
    "copy_to_clipboard": "クリップボードにコピー",
    "copy_success": "コピーしました",
    "copy_failure": "コピーできませんでした",
}
ENTRY = f"  'ja': {json.dumps(JAPANESE, ensure_ascii=False)},\n"


def with_japanese(script: str) -> str:
    return script if ENTRY in script else script.replace(START, START + ENTRY, 1)


def patch_script(app: "Sphinx", exception: Exception | None) -> None:
    script = Path(app.outdir, "_static", "copybutton.js")
    if exception is None and app.builder.format == "html" and script.exists():
        files.write(script, with_japanese(script.read_text(encoding="utf-8")))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("build-finished", patch_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
