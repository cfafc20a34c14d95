"""Writes the same pages, in English and Japanese, for each generator of sites that is measured.

A page is a list of parts; `SPHINX`, `MKDOCS` and `HUGO` say how each of them writes a part. What
links, tabs, notes and code from files are to one generator they are to the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

#: Pages of a section, each section a folder.
SECTION = 50
LANGUAGES = ("en", "ja")

#: What is said once in each language.
Text = tuple[str, str]
#: A part of a page: its kind, and what that kind is made of.
Part = tuple[str, tuple[Text, ...]]

SUBJECTS: tuple[Text, ...] = (
    ("sequence", "シーケンス"),
    ("write lock", "書き込みロック"),
    ("collation", "照合順序"),
    ("primary key", "主キー"),
    ("query plan", "実行計画"),
    ("time zone", "タイムゾーン"),
    ("character set", "文字コード"),
    ("foreign key", "外部キー"),
    ("isolation level", "分離レベル"),
    ("replica", "レプリカ"),
    ("certificate", "証明書"),
    ("migration", "マイグレーション"),
    ("connection pool", "コネクションプール"),
    ("view", "ビュー"),
    ("JSON column", "JSON 列"),
    ("savepoint", "セーブポイント"),
)

SENTENCES: tuple[Text, ...] = (
    (
        "A {0} of one database is not the {1} of another one.",
        "データベースによって、{0}は{1}と同じではありません。",
    ),
    ("Look at the {0} before you change the {1}.", "{1}を変更する前に、{0}を確認します。"),
    ('The {0} is kept with `OPTIONS["{2}"]`.', '{0}は `OPTIONS["{2}"]` で指定します。'),
    (
        "Without a {0}, each {1} costs one more round trip.",
        "{0}がないと、{1}ごとに往復が 1 回増えます。",
    ),
    (
        "Both the {0} and the {1} are read again by `check --database {2}`.",
        "{0}と{1}は `check --database {2}` で読み直されます。",
    ),
    (
        "When the {0} is full, the server refuses a new {1} (error {2}).",
        "{0}がいっぱいになると、サーバーは新しい{1}を拒否します (エラー {2})。",
    ),
)

TABS: tuple[Text, ...] = (
    ("Local server", "ローカルサーバー"),
    ("Container", "コンテナー"),
    ("Cloud", "クラウド"),
)

CODE = """\
# [start: {name}]
CACHES = {{
    "default": {{
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_{number}_{name}",
        "TIMEOUT": {number},
    }}
}}
# [end: {name}]
"""


@dataclass(frozen=True)
class Page:
    """One page of `number`, as every generator gets it."""

    number: int
    title: Text
    parts: tuple[Part, ...]

    @property
    def path(self) -> str:
        """Without its ending: the names that links and catalogues go by."""
        return f"s{self.number // SECTION:02}/p{self.number:04}"

    @property
    def before(self) -> str:
        """The page that it links to: the one before it, of its section."""
        return f"p{max(self.number // SECTION * SECTION, self.number - 1):04}"

    def texts(self) -> Iterator[Text]:
        yield self.title
        for _, texts in self.parts:
            yield from texts


def page(number: int) -> Page:
    """The same page for the same number, whatever was written before."""
    chance = random.Random(number)  # noqa: S311 (the same words each time, nothing secret)

    def paragraph(sentences: int) -> Text:
        said = []
        for _ in range(sentences):
            first, second = chance.sample(SUBJECTS, 2)
            sentence, which = chance.choice(SENTENCES), chance.randrange(10_000)
            said.append([sentence[i].format(first[i], second[i], which) for i in (0, 1)])
        return " ".join(s[0] for s in said), "".join(s[1] for s in said)

    def heading(english: str, japanese: str) -> Part:
        return "heading", ((f"{english} {number}", f"{japanese} {number}"),)

    subject = SUBJECTS[number % len(SUBJECTS)]
    title = (f"{subject[0].capitalize()}, part {number}", f"{subject[1]} その {number}")
    parts: tuple[Part, ...] = (
        ("paragraph", (paragraph(4),)),
        ("paragraph", (paragraph(4),)),
        heading("Setting up", "設定"),
        ("paragraph", (paragraph(4),)),
        ("link", ()),
        ("tabs", tuple(paragraph(2) for _ in TABS)),
        heading("What happens", "動作"),
        ("paragraph", (paragraph(4),)),
        ("tabs", tuple(paragraph(2) for _ in TABS)),
        ("note", (paragraph(1),)),
        heading("Limits", "制限"),
        ("paragraph", (paragraph(4),)),
        ("table", tuple(paragraph(1) for _ in TABS)),
        ("sql", ()),
        ("paragraph", (paragraph(4),)),
    )
    return Page(number, title, parts)


# -- how each generator writes a part -------------------------------------------------------------
# A writer gets the page, the texts in its language, the labels of tabs, and how many sets of tabs
# stood above.

Writer = Callable[[Page, list[str], list[str], int], str]

#: The names of the two regions of a page's file of code.
REGIONS = ("one", "two")


def _table(page: Page, texts: list[str], labels: list[str], above: int) -> str:
    rows = (f"| {label} | {text} |" for label, text in zip(labels, texts, strict=True))
    return "\n".join(["| Server | Notes |", "| --- | --- |", *rows])


COMMON: Mapping[str, Writer] = {
    "heading": lambda page, texts, labels, above: f"## {texts[0]}",
    "paragraph": lambda page, texts, labels, above: texts[0],
    "table": _table,
    "sql": lambda page, texts, labels, above: (
        f"```sql\nSELECT COUNT(*) FROM part_{page.number};\n```"
    ),
}


def _sphinx_tabs(page: Page, texts: list[str], labels: list[str], above: int) -> str:
    region = REGIONS[above]
    code = (
        f"````{{literalinclude}} ../../snippets/{page.path}.py\n:language: python\n"
        f':start-after: "# [start: {region}]"\n:end-before: "# [end: {region}]"\n````\n'
    )
    parts = ["::::{tabs}"]
    for number, (label, text) in enumerate(zip(labels, texts, strict=True)):
        parts.append(f":::{{group-tab}} {label}\n{text}\n{'' if number else code}:::")
    return "\n\n".join([*parts, "::::"])


def _mkdocs_tabs(page: Page, texts: list[str], labels: list[str], above: int) -> str:
    code = f'    ```python\n    --8<-- "{page.path}.py:{REGIONS[above]}"\n    ```'
    parts = []
    for number, (label, text) in enumerate(zip(labels, texts, strict=True)):
        parts += [f'=== "{label}"', f"    {text}", *([] if number else [code])]
    return "\n\n".join(parts)


def _hugo_tabs(page: Page, texts: list[str], labels: list[str], above: int) -> str:
    code = f'{{{{< region "{page.path}.py" "{REGIONS[above]}" >}}}}'
    parts = ["{{< tabs >}}"]
    for number, (label, text) in enumerate(zip(labels, texts, strict=True)):
        body = f"{text}\n\n{'' if number else code}"
        parts.append(f'{{{{% tab "{label}" %}}}}\n{body}\n{{{{% /tab %}}}}')
    return "\n".join([*parts, "{{< /tabs >}}"])


SPHINX: Mapping[str, Writer] = {
    **COMMON,
    "link": lambda page, texts, labels, above: f"[](./{page.before}.md)",
    "tabs": _sphinx_tabs,
    "note": lambda page, texts, labels, above: f":::{{note}}\n{texts[0]}\n:::",
}
MKDOCS: Mapping[str, Writer] = {
    **COMMON,
    "link": lambda page, texts, labels, above: f"[{page.before}](./{page.before}.md)",
    "tabs": _mkdocs_tabs,
    "note": lambda page, texts, labels, above: f"!!! note\n\n    {texts[0]}",
}
HUGO: Mapping[str, Writer] = {
    **COMMON,
    "link": lambda page, texts, labels, above: f"[{page.before}](../{page.before}/)",
    "tabs": _hugo_tabs,
    "note": lambda page, texts, labels, above: f"> [!NOTE]\n> {texts[0]}",
}


def written(page: Page, language: int, writers: Mapping[str, Writer]) -> Iterator[str]:
    """The parts of a page below its title, in the language of that place in LANGUAGES."""
    labels = [label[language] for label in TABS]
    above = 0
    for kind, texts in page.parts:
        yield writers[kind](page, [text[language] for text in texts], labels, above)
        above += kind == "tabs"


# -- the three sites ------------------------------------------------------------------------------

MKDOCS_YML = """\
site_name: Parts
theme: {name: material, features: [content.tabs.link, content.code.copy]}
markdown_extensions:
  - admonition
  - tables
  - pymdownx.superfences
  - pymdownx.highlight
  - pymdownx.tabbed: {alternate_style: true}
  - pymdownx.snippets: {base_path: [snippets], check_paths: true}
plugins:
  - search
  - i18n:
      docs_structure: suffix
      languages:
        - {locale: en, name: English, default: true, build: true}
        - {locale: ja, name: 日本語, build: true}
"""

HUGO_TOML = """\
baseURL = "https://example.com/"
title = "Parts"
defaultContentLanguage = "en"
defaultContentLanguageInSubdir = true
disableKinds = ["taxonomy", "term", "RSS"]
[languages.en]
contentDir = "content/en"
[languages.ja]
contentDir = "content/ja"
[markup.goldmark.renderer]
unsafe = true
"""

#: Hugo has no theme of its own: the least that shows a page with the navigation of all of them.
HUGO_LAYOUTS = {
    "all.html": """\
<!doctype html>
<html lang="{{ site.Language.Lang }}">
<head><meta charset="utf-8"><title>{{ .Title }}</title></head>
<body>{{ partial "sections.html" . }}
<main><h1>{{ .Title }}</h1>{{ .TableOfContents }}{{ .Content }}</main>
{{ range .Translations }}<a href="{{ .RelPermalink }}">{{ .Lang }}</a>{{ end }}</body>
</html>
""",
    "_partials/sections.html": """\
<nav>{{ range site.Sections }}<h2>{{ .Title }}</h2><ul>
{{ range .RegularPages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}
</ul>{{ end }}</nav>
""",
    "_shortcodes/tabs.html": "<div>{{ .Inner }}</div>\n",
    "_shortcodes/tab.html": '<section aria-label="{{ .Get 0 }}">\n\n{{ .Inner }}\n\n</section>\n',
    "_shortcodes/region.html": """\
{{ $text := readFile (printf "snippets/%s" (.Get 0)) -}}
{{ $after := index (split $text (printf "# [start: %s]\\n" (.Get 1))) 1 -}}
{{ highlight (index (split $after "# [end: ") 0) "python" "" }}
""",
}


def write(folder: Path, number: int) -> None:
    """`number` pages as a site of Sphinx, of MkDocs and of Hugo: a folder of each in `folder`."""
    pages = [page(i) for i in range(number)]
    _write_sphinx(folder / "sphinx", pages)
    _write_mkdocs(folder / "mkdocs", pages)
    _write_hugo(folder / "hugo", pages)


def _sections(pages: list[Page]) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = {}
    for each in pages:
        found.setdefault(each.path.partition("/")[0], []).append(each)
    return found


def _file(path: Path, *parts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts).rstrip("\n") + "\n", encoding="utf-8")


def _toctree(entries: list[str]) -> str:
    return "\n".join(["```{toctree}", *entries, "```"])


def _write_sphinx(root: Path, pages: list[Page]) -> None:
    """The English pages and the Japanese catalogues; the settings are the caller's."""
    for each in pages:
        _file(root / f"docs/{each.path}.md", f"# {each.title[0]}", *written(each, 0, SPHINX))
        _file(
            root / f"snippets/{each.path}.py",
            *(CODE.format(name=name, number=each.number) for name in REGIONS),
        )
        catalogue = Catalog(locale="ja")
        for english, japanese in (*each.texts(), *TABS):
            catalogue.add(english, japanese)
        file = root / f"locale/ja/LC_MESSAGES/{each.path}.po"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as output:
            write_po(output, catalogue)
    sections = _sections(pages)
    for name, of_section in sections.items():
        entries = [each.path.partition("/")[2] for each in of_section]
        _file(root / f"docs/{name}/index.md", f"# Section {name}", _toctree(entries))
    _file(root / "docs/index.md", "# Parts", _toctree([f"{name}/index" for name in sections]))


def _write_mkdocs(root: Path, pages: list[Page]) -> None:
    for place, ending in enumerate((".md", ".ja.md")):
        for each in pages:
            parts = written(each, place, MKDOCS)
            _file(root / f"docs/{each.path}{ending}", f"# {each.title[place]}", *parts)
        _file(root / f"docs/index{ending}", "# Parts")
    for each in pages:
        regions = [CODE.format(name=name, number=each.number) for name in REGIONS]
        marked = [
            text.replace(f"# [start: {name}]", f"# --8<-- [start:{name}]").replace(
                f"# [end: {name}]", f"# --8<-- [end:{name}]"
            )
            for name, text in zip(REGIONS, regions, strict=True)
        ]
        _file(root / f"snippets/{each.path}.py", *marked)
    _file(root / "mkdocs.yml", MKDOCS_YML)


def _write_hugo(root: Path, pages: list[Page]) -> None:
    for place, language in enumerate(LANGUAGES):
        content = root / "content" / language
        for each in pages:
            head = f'---\ntitle: "{each.title[place]}"\n---'
            _file(content / f"{each.path}.md", head, *written(each, place, HUGO))
        for name in _sections(pages):
            _file(content / name / "_index.md", f"---\ntitle: Section {name}\n---")
        _file(content / "_index.md", "---\ntitle: Parts\n---")
    for each in pages:
        regions = (CODE.format(name=name, number=each.number) for name in REGIONS)
        _file(root / f"snippets/{each.path}.py", *regions)
    for name, text in HUGO_LAYOUTS.items():
        _file(root / "layouts" / name, text)
    _file(root / "hugo.toml", HUGO_TOML)
