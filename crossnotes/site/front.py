"""The pages above the languages: the choice of one, and what a host shows where nothing is."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment

from crossnotes import files
from crossnotes.site.pages import TEMPLATES
from crossnotes.sphinxext.messages import said_in

TEMPLATE, STYLE = "crossnotes-front.html", "crossnotes-front.css"

#: Stands between the same words in two languages.
BETWEEN = "／"


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


def title_of(home: str) -> str:
    """What a site is called, by the first page of one of its languages."""
    if named := attribute(home, "meta", 'property="og:site_name"', "content"):
        return named
    found = re.search(r"<title>(.*?)</title>", home, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""


def icon_of(home: str, language: str) -> str:
    """The icon that the first page of a language names, from the folder above; or nothing."""
    found = attribute(home, "link", "icon", "href")
    return f"{language}/{found}" if found and not urlsplit(found).scheme else found


def zip_of(out: Path, languages: Iterable[str]) -> Path:
    """Where the whole site is as one file, named after it."""
    homes = (_read(folder / "index.html") for folder in (out / next(iter(languages)), out))
    title = next(filter(None, map(title_of, homes)), "")
    name = re.sub(r"[^\w.-]+", "-", title.lower()).strip("-.")
    return out / f"{name or 'site'}.zip"


def write(languages: Mapping[str, str], out: Path, source: str) -> None:
    """Write index.html, which offers all languages and decides for nobody, and 404.html; `source`
    is the language in which the page itself speaks first.

    A host shows the 404.html of the site's own folder at any address, so its links name the path
    that the site has on the web.
    """
    template = (TEMPLATES / TEMPLATE).read_text(encoding="utf-8")
    draw = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template)
    first = next(iter(languages))
    homes = {code: _read(out / code / "index.html") for code in languages}
    title = title_of(homes[first])
    address = attribute(homes[first], "link", 'rel="canonical"', "href")
    base = urlsplit(address).path.removesuffix(f"{first}/index.html") or "/"
    missing = {code: heading(_read(out / code / "404.html")) for code in languages}
    choices = [
        Choice(code, name, f"{code}/index.html", description(homes[code]))
        for code, name in languages.items()
    ]
    zipped = zip_of(out, languages)
    size = zipped.stat().st_size / 1e6 if zipped.exists() else 0
    offline: dict[str, str] = {}
    for code in sorted(languages, key=lambda code: code != source):
        text = said_in(code, "For reading offline")
        if text not in offline.values():
            offline[code] = text
    said = {
        "language": source,
        "label": said_in(source, "Language"),
        "offline": offline,
        "between": BETWEEN,
        "icon": icon_of(homes[first], first),
    }
    _write(out / "llms.txt", llms(title, choices, address.removesuffix(f"{first}/index.html")))
    front = draw.render(said, title=title, choices=choices, zip=zipped.name, size=size, css=STYLE)
    _write(out / "index.html", front)
    choices = [
        Choice(code, name, f"{base}{code}/index.html", missing[code])
        for code, name in languages.items()
    ]
    none = draw.render(
        {**said, "icon": said["icon"] and f"{base}{said['icon']}"},
        title=f"{title}: 404",
        choices=choices,
        missing=True,
        css=f"{base}{STYLE}",
    )
    _write(out / "404.html", none)
    _write(out / STYLE, (TEMPLATES / STYLE).read_text(encoding="utf-8"))


def llms(title: str, choices: Iterable[Choice], base: str) -> str:
    """The lists for language models of all languages (https://llmstxt.org/)."""
    lines = [f"# {title}", ""]
    for choice in choices:
        said = f": {choice.said}" if choice.said else ""
        lines.append(f"- [{choice.name}]({base}{choice.code}/llms.txt){said}")
    return "\n".join(lines) + "\n"


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.exists() else ""


def _write(page: Path, text: str) -> None:
    if not page.exists() or page.read_bytes() != text.encode():
        files.write(page, text)
