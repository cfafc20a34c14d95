"""Tabs that can be translated, printed and read without JavaScript.

sphinx-tabs parses the tabs and gives them their ids, which come from the English label in every
language; this file changes what it leaves out.

The script, static/crossnotes-tabs.js, replaces that of sphinx-tabs, which has one remembered value
for all sets, no Home and End, and no links into tabs
(https://github.com/executablebooks/sphinx-tabs/issues/145). Labels are compared as the page was
written (data-tab), so a choice holds in all languages. The labels that a reader chose are kept in
one list, the last one first, and a set shows the first of them that it has: sets with the same
labels agree, sets with other labels keep their own choice, and a set that leaves a label out still
follows when it can.
"""

from typing import TYPE_CHECKING, Any

import sphinx_tabs.tabs as upstream
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.i18n import Locale
from sphinx.transforms.post_transforms import SphinxPostTransform

from crossnotes.site.pages import add_to_head
from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: An extension with a directive of the same name.
OTHER_TABS = "sphinx_inline_tabs"


class TranslatableLabel:
    """Gives a tab's label the source and line without which Sphinx doesn't translate it.

    https://github.com/executablebooks/sphinx-tabs/issues/137
    """

    def run(self: Any) -> list[nodes.Node]:
        panels: list[nodes.Node] = super().run()  # type: ignore[misc]
        label = self.env.temp_data[f"tabs_{self.env.temp_data['tabs_stack'][-1]}"]["tab_titles"][
            -1
        ][1]
        label.source, label.line = self.get_source_info()
        label.rawsource = label["data-tab"] = self.content[0]
        return panels


class Tab(TranslatableLabel, upstream.TabDirective):  # type: ignore[misc]
    """`{tab}`: a choice of its own."""


class GroupTab(TranslatableLabel, upstream.GroupTabDirective):  # type: ignore[misc]
    """`{group-tab}`: chosen together with all tabs of the same label."""


class CodeTab(TranslatableLabel, upstream.CodeTabDirective):  # type: ignore[misc]
    """`{code-tab}`: a group tab that is one code block."""


class LabelledPanels(SphinxTransform):
    """Every panel carries its label, in the page's language, and none is hidden in the HTML.

    The script hides panels; on paper and without a script all are shown, each below its label.
    https://github.com/executablebooks/sphinx-tabs/issues/96
    """

    default_priority = Locale.default_priority + 1

    def apply(self, **kwargs: Any) -> None:
        for tablist in self.document.findall(upstream.SphinxTabsTablist):
            tablist["aria-label"] = str(_("Choose a tab"))
        labels = {
            tab["aria-controls"]: tab.astext()
            for tab in self.document.findall(upstream.SphinxTabsTab)
            if "aria-controls" in tab
        }
        for panel in self.document.findall(upstream.SphinxTabsPanel):
            panel["data-label"] = labels.get(panel["ids"][0], "")


class LabelsInText(SphinxPostTransform):
    """Where there is nothing to press, as in plain text, each panel stands below its label."""

    default_priority = 400

    def run(self, **kwargs: Any) -> None:
        if self.app.builder.format == "html" or self.app.builder.name == "gettext":
            return
        for tablist in list(self.document.findall(upstream.SphinxTabsTablist)):
            tablist.parent.remove(tablist)
        for panel in self.document.findall(upstream.SphinxTabsPanel):
            label = nodes.strong("", panel["data-label"])
            panel.insert(0, nodes.paragraph("", "", label))


TAB = ("role", "name", "data-tab", "aria-controls", "aria-selected", "tabindex")
TABLIST = ("role", "aria-label")
PANEL = ("role", "data-label", "aria-labelledby", "tabindex")


def open_tag(translator: Any, node: nodes.Element, tag: str, attributes: tuple[str, ...]) -> None:
    """Write only attributes that HTML knows: upstream writes all that the node has."""
    known = {name: str(node[name]) for name in attributes if name in node}
    translator.body.append(translator.starttag(node, tag, "", **known))


def visit_tablist(translator: Any, node: nodes.Element) -> None:
    open_tag(translator, node, "div", TABLIST)


def visit_tab(translator: Any, node: nodes.Element) -> None:
    open_tag(translator, node, "button", TAB)


def visit_panel(translator: Any, node: nodes.Element) -> None:
    open_tag(translator, node, "div", PANEL)


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None or not any(doctree.findall(upstream.SphinxTabsTablist)):
        return
    app.add_css_file("crossnotes-tabs.css")
    # In the head and not deferred: the reader's choice is applied while the tabs arrive, so that
    # nothing jumps.
    script = context["pathto"]("_static/crossnotes-tabs.js", resource=True)
    add_to_head(context, f'<script src="{script}"></script>')


def setup(app: "Sphinx") -> "ExtensionMetadata":
    if OTHER_TABS in app.config.extensions:
        # Its {tab} is another one; two of a name cannot be.
        return {"parallel_read_safe": True, "parallel_write_safe": True}
    app.setup_extension("sphinx_tabs.tabs")
    upstream.JS_FILES.clear()  # ours does the same, and more
    app.add_directive("tab", Tab, override=True)
    app.add_directive("group-tab", GroupTab, override=True)
    app.add_directive("code-tab", CodeTab, override=True)
    app.add_node(upstream.SphinxTabsTablist, override=True, html=(visit_tablist, upstream.depart))
    app.add_node(upstream.SphinxTabsTab, override=True, html=(visit_tab, upstream.depart))
    app.add_node(upstream.SphinxTabsPanel, override=True, html=(visit_panel, upstream.depart))
    app.add_transform(LabelledPanels)
    app.add_post_transform(LabelsInText)
    # After sphinx-notfound-page, which changes what `pathto` says.
    app.connect("html-page-context", add_to_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
