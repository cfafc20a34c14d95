"""Colours for block languages that Pygments has under another name only."""

from typing import TYPE_CHECKING

from pygments.lexers.shell import BashLexer  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # Without it `dotenv` is a warning. A .env file is assignments of the shell and comments.
    app.add_lexer("dotenv", BashLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
