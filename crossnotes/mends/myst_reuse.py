"""One Markdown parser for all translated messages, where MyST makes one for each.

Making it takes longer than parsing a sentence: a third of the reading of a Japanese page. No
upstream issue was found; the place is `MystParser.parse` in
https://github.com/executablebooks/MyST-Parser/blob/v5.2.0/myst_parser/parsers/sphinx_.py
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers import mdit, sphinx_

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

create_md_parser = mdit.create_md_parser


class Shared:
    """Gives out the same parser for the same settings, unless it is parsing just now."""

    def __init__(self) -> None:
        self.config: MdParserConfig | None = None
        self.parser: MarkdownIt | None = None
        self.busy = False

    def __call__(
        self, config: MdParserConfig, renderer: Callable[[MarkdownIt], RendererProtocol]
    ) -> MarkdownIt:
        if self.busy:
            return create_md_parser(config, renderer)
        if self.parser is None or config is not self.config:
            self.config, self.parser = config, create_md_parser(config, renderer)
            self._watch(self.parser)
        return self.parser

    def _watch(self, parser: MarkdownIt) -> None:
        """Know when it parses: a directive may have text parsed as a page of its own meanwhile."""
        render = parser.render

        def render_alone(*args: Any, **kwargs: Any) -> Any:
            self.busy = True
            try:
                return render(*args, **kwargs)
            finally:
                self.busy = False

        parser.render = render_alone  # type: ignore[method-assign]


def setup(app: "Sphinx") -> "ExtensionMetadata":
    sphinx_.create_md_parser = Shared()  # type: ignore[attr-defined]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
