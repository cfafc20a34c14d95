"""The reader's own database, chosen once for all pages: its answers first, the others folded.

The choice is applied by a script in the head, before anything is drawn; without it every answer is
there in its order, and there is nothing to choose. A page can be asked for with `?db=tidb`.
"""

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes.sphinxext.answers import in_order, label_of, product_of
from crossnotes.sphinxext.assets import DRAWN, shortened
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.html import element
from crossnotes.sphinxext.known import DEFAULT, known_to
from crossnotes.sphinxext.messages import _
from crossnotes.targets import Target, every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: The style sheets with what depends on the names of databases.
STYLE, STYLE_COMPARED = "crossnotes-databases.css", "crossnotes-databases-compare.css"
STYLE_FRONT = "crossnotes-databases-front.css"

#: What the choice of a database does, and `DB` stands for.
RULES = """\
@media not print {
  html[data-crossnotes-db="DB"] .crossnotes-answers:has(tr[data-db~="DB"]):not(.crossnotes-open) \
tr:not([data-db~="DB"]),
  html[data-crossnotes-db="DB"]:not(.crossnotes-ready) .crossnotes-only:not([data-db~="DB"]) \
> :not(summary),
  html[data-crossnotes-db="DB"] .crossnotes-downloads:has([data-db~="DB"]) a:not([data-db~="DB"]) {
    display: none;
  }

  html[data-crossnotes-db="DB"] .crossnotes-answers:has(tr[data-db~="DB"]) .crossnotes-more {
    display: block;
  }
}

html[data-crossnotes-db="DB"] .crossnotes-answers tr[data-db~="DB"] {
  background: var(--crossnotes-mine);
  box-shadow: inset 3px 0 var(--crossnotes-mine-line);
}

html[data-crossnotes-db="DB"] .crossnotes-answers tr[data-db~="DB"] th {
  color: inherit;
  font-weight: 600;
}

html[data-crossnotes-db="DB"] li[data-crossnotes-page="DB"] {
  order: -1;
  font-weight: 600;
}
"""


#: The same in comparisons, for the pages that have one.
COMPARED = """\
html[data-crossnotes-db="DB"] .crossnotes-compare :is(th, td)[data-db~="DB"] {
  order: -1;
  background: var(--crossnotes-mine);
  box-shadow: inset 0 0 0 2px var(--crossnotes-mine-line);
}

html[data-crossnotes-db="DB"] .crossnotes-compare [data-db~="DB"] :is(small, .crossnotes-names) {
  color: var(--crossnotes-text);
}
"""


#: The same on a front page.
FRONT = """\
html[data-crossnotes-db="DB"] .crossnotes-heat [data-with=""] {
  display: none;
}

html[data-crossnotes-db="DB"] .crossnotes-heat [data-with="DB"] {
  display: block;
}

html[data-crossnotes-db="DB"] :is(.crossnotes-heat th, .crossnotes-hero-answers li)[data-db="DB"] {
  box-shadow: inset 0 -3px var(--crossnotes-mine-line);
}
"""


def targets_of(app: "Sphinx") -> list[Target]:
    """The targets that the project has, as readers meet them."""
    known = known_to(app)
    names = getattr(known.config, "targets", ()) or {*known.config.tabs.values(), *known.ledgers}
    every = every_target()
    found = [every[name] for name in names or (DEFAULT,) if name in every]
    order = in_order(product_of(target.name) for target in found)
    return sorted(found, key=lambda target: order.index(product_of(target.name)))


def choices(targets: list[Target]) -> dict[str, str]:
    """What can be chosen, by name: each database, and the deployments of one that has several."""
    found: dict[str, str] = {}
    for product in in_order(product_of(target.name) for target in targets):
        found[product] = label_of(product)
        of_product = [target for target in targets if product_of(target.name) == product]
        if len(of_product) > 1:
            found |= {target.name: target.label for target in of_product}
    return found


def chooser(found: dict[str, str], place: str) -> str:
    """The form, of which a page may have two: `place` tells them apart."""
    every = {"": str(_("All databases")), **found}
    options = "".join(
        f'<option value="{escape(name)}">{escape(label)}</option>' for name, label in every.items()
    )
    key = f"crossnotes-chooser-{place}"
    label = element("label", escape(str(_("Your database"))), for_=key)
    select = element("select", options, id=key, autocomplete="off")
    return element("div", label + select, class_=f"crossnotes-chooser {key}")


def write_style(app: "Sphinx") -> None:
    """The rules for each database of the project."""
    if app.builder.format != "html":
        return
    products = dict.fromkeys(product_of(target.name) for target in targets_of(app))
    Path(app.outdir, "_static").mkdir(parents=True, exist_ok=True)
    for name, rules in ((STYLE, RULES), (STYLE_COMPARED, COMPARED), (STYLE_FRONT, FRONT)):
        text = "\n".join(rules.replace("DB", each) for each in products)
        write(app, f"_static/{name}", shortened(text, ".css"))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    found = choices(targets_of(app))
    body = context.get("body") or ""
    context["crossnotes_chooser"] = lambda place: chooser(found, place)
    context["crossnotes_choices"] = len(found) > 1
    if len(found) < 2 or (DRAWN not in body and not context.get("crossnotes_extended")):
        return
    app.add_css_file("crossnotes.css")
    app.add_css_file(STYLE)
    if "crossnotes-compare" in body:
        app.add_css_file(STYLE_COMPARED)
    if "crossnotes-heat" in body or "crossnotes-hero" in body:
        app.add_css_file(STYLE_FRONT)
    script = context["pathto"]("_static/crossnotes-chooser.js", resource=True)
    tabs = known_to(app).config.tabs
    names = {name: product_of(name) for name in found}
    said = escape(json.dumps({"databases": names, "tabs": tabs}, ensure_ascii=False))
    tag = f'<script src="{script}" data-choices="{said}"></script>'
    # First in the head, before the script of tabs, which looks for what was chosen.
    context["metatags"] = "\n".join([tag, context.get("metatags") or ""])
    if not context.get("crossnotes_extended"):
        context["body"] = f"{chooser(found, 'page')}\n{body}"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("builder-inited", write_style, priority=900)
    # After the layer of furo has said that it has a place for it, before the script of tabs.
    app.connect("html-page-context", add_to_page, priority=610)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
