"""The pages above the languages: the choice of one, and what a host shows where nothing is."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment

from crossnotes import files

TITLE = "Crossnotes"
OFFLINE = "crossnotes.zip"
TEMPLATE = "docs/_templates/front.html"


@dataclass(frozen=True)
class Choice:
    """One language, and what it says under its name."""

    code: str
    name: str
    href: str
    said: str


def attribute(page: str, tag: str, mark: str, name: str) -> str:
    """An attribute of the first tag that has a mark in it, or nothing."""
    for found in re.findall(rf"<{tag} [^>]*>", page):
        if mark in found and (value := re.search(rf'{name}="([^"]*)"', found)):
            return html.unescape(value[1])
    return ""


def description(page: str) -> str:
    """A page's summary, as its own head gives it."""
    return attribute(page, "meta", 'name="description"', "content")


def heading(page: str) -> str:
    """A page's heading, without the link to itself."""
    found = re.search(r"<h1>(.*?)(?:<a class=\"headerlink\"|</h1>)", page, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip() if found else ""


def write(languages: Mapping[str, str], out: Path, root: Path) -> None:
    """Write index.html, which offers all languages and decides for nobody, and 404.html.

    A host shows the 404.html of the site's own folder at any address, so its links name the path
    that the site has on the web.
    """
    template = (root / TEMPLATE).read_text(encoding="utf-8")
    draw = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template)
    first = next(iter(languages))
    homes = {code: _read(out / code / "index.html") for code in languages}
    address = attribute(homes[first], "link", 'rel="canonical"', "href")
    base = urlsplit(address).path.removesuffix(f"{first}/index.html") or "/"
    missing = {code: heading(_read(out / code / "404.html")) for code in languages}
    choices = [
        Choice(code, name, f"{code}/index.html", description(homes[code]))
        for code, name in languages.items()
    ]
    zipped = out / OFFLINE
    size = zipped.stat().st_size / 1e6 if zipped.exists() else 0
    css = f"{first}/_static/front.css"
    front = draw.render(title=TITLE, choices=choices, zip=OFFLINE, size=size, css=css)
    _write(out / "index.html", front)
    choices = [
        Choice(code, name, f"{base}{code}/index.html", missing[code])
        for code, name in languages.items()
    ]
    none = draw.render(title=f"{TITLE}: 404", choices=choices, missing=True, css=f"{base}{css}")
    _write(out / "404.html", none)


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.exists() else ""


def _write(page: Path, text: str) -> None:
    if not page.exists() or page.read_bytes() != text.encode():
        files.write(page, text)
