"""`{snippet}`, `{output}` and listings, as a reader sees them. What they do is the engine's."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.directives.code import CodeBlock, LiteralInclude
from sphinx.util.docutils import SphinxDirective

from crossnotes import config as configuration
from crossnotes.page import words
from crossnotes.reader import CODE_BLOCK_OPTIONS, REASON_OPTIONS, SNIPPET_OPTIONS
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.naming import of_items

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

#: The attribute by which a literal block is known not to be a snippet.
OUTPUT = "crossnotes_output"
#: The class of what holds such a block and what is said of it.
OUTPUT_BLOCK = "crossnotes-output-block"
#: The class of the paragraph that says why a block is not run; marks.py draws it.
REASON = "crossnotes-reason"
#: The class of what Sphinx's search passes over: nearly every page names every database, since it
#: was run there or was not.
NO_SEARCH = "no-search"


class Snippet(CodeBlock):
    """A code-block with options for the run, which a reader does not see."""

    option_spec: ClassVar["OptionSpec"] = CodeBlock.option_spec | dict.fromkeys(
        SNIPPET_OPTIONS - CODE_BLOCK_OPTIONS, directives.unchanged
    )

    def run(self) -> list[nodes.Node]:
        found = super().run()
        for option in REASON_OPTIONS:
            if reason := self.options.get(option):
                # A paragraph of the page, so that the reason is translated with it.
                paragraph = nodes.paragraph(reason, reason, classes=[REASON])
                self.set_source_info(paragraph)
                found.append(paragraph)
        return found


class Listing(LiteralInclude):
    """A literalinclude that may say which of its branches another tab runs."""

    option_spec: ClassVar["OptionSpec"] = LiteralInclude.option_spec | {
        "elsewhere": directives.unchanged
    }


class Output(SphinxDirective):
    """What the block above prints, with the databases it is for."""

    has_content = True
    option_spec: ClassVar["OptionSpec"] = {
        "targets": directives.unchanged,
        "unordered": directives.flag,
        "ignore": directives.unchanged,
        "class": directives.class_option,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        block = nodes.literal_block(code, code, language="none", classes=["crossnotes-output"])
        block[OUTPUT] = True
        self.set_source_info(block)
        databases = of_items(words(self.options.get("targets", "")))
        # Without a source, so that no catalogue takes it for a message of the page.
        head = nodes.paragraph(classes=["crossnotes-output-label"])
        text = str(_("Output on {databases}") if databases else _("Output"))
        head += nodes.Text(text.format(databases=databases))
        return [nodes.container("", head, block, classes=[OUTPUT_BLOCK])]


def check_config(app: "Sphinx") -> None:
    """Read [tool.crossnotes] once, so that a mistake in it ends the build with its own message."""
    from sphinx.errors import ExtensionError

    try:
        configuration.find(Path(app.confdir))
    except configuration.ConfigError as error:
        raise ExtensionError(str(error)) from error


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_directive("snippet", Snippet)
    app.add_directive("output", Output)
    app.add_directive("literalinclude", Listing, override=True)
    app.connect("builder-inited", check_config)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
