"""What a conf.py need not say: settings of Sphinx and of other extensions that a site of several
languages needs. What a project sets itself stays as it is.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel.core import Locale, UnknownLocaleError
from sphinx.util import logging

from crossnotes import config as configuration
from crossnotes.site.pages import TEMPLATES
from crossnotes.site.project import locale_of
from crossnotes.sphinxext.repository import address_of, is_nobodys, place_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

#: The prompts after which a console block has something to type, and those of lines that go on.
PROMPTS = "|".join(
    [
        r"(?:\([^()\s]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[: ]?[~/\w.-]*\]?)?\$ ",
        r"In \[\d+\]: | +\.{3,}: ",
        r">>> ",
        r"\.\.\. ",
        r"(?:mysql|TiDB|tidb|sqlite|(?:MySQL|MariaDB) \[[^\]]*\])> ",
        r"\w+=[#>] ",
        r"(?: +(?:[-'\"]>|\.\.\.>)| *\w+[-'\"(][#>]) ",
    ]
)

#: Settings that do not depend on the project.
PLAIN: Mapping[str, Any] = {
    # A catalogue a page, without numbers that change with every page.
    "gettext_compact": False,
    "gettext_uuid": False,
    # sphinx-tabs parses tabs twice under a builder that it does not know, and then sees each :name:
    # twice.
    "sphinx_tabs_valid_builders": [
        "dummy",
        "epub",
        "gettext",
        "latex",
        "linkcheck",
        "pseudoxml",
        "text",
        "xml",
    ],
    "sphinx_tabs_disable_tab_closing": True,
    "sphinx_tabs_disable_css_loading": True,
    "git_last_updated_timezone": "UTC",
}
#: Those of the copy button, which belong together.
COPY: Mapping[str, Any] = {
    "copybutton_prompt_text": PROMPTS,
    "copybutton_prompt_is_regexp": True,
}
#: What furo shows beside a page.
SIDEBARS = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "crossnotes-sidebar-languages.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def is_set(config: "Config", name: str) -> bool:
    """Whether the project says it, in its conf.py or on the command line, of which Sphinx has no
    public record."""
    return name in config._raw_config or name in config.overrides


def set_defaults(app: "Sphinx", config: "Config") -> None:
    config.crossnotes_languages = languages_of(app, config)
    source = next(iter(config.crossnotes_languages))
    if not is_set(config, "language") and config.language != source:
        config.language = source
        app._init_i18n()  # Sphinx's own words, which it has looked up before

    def default(name: str, value: Any) -> None:
        if name in config and not is_set(config, name):
            setattr(config, name, value)

    for name, value in PLAIN.items():
        default(name, value)
    if not any(is_set(config, name) for name in COPY):
        for name, value in COPY.items():
            default(name, value)
    default("locale_dirs", [str(locale_of(Path(app.confdir), Path(app.srcdir), root_of(app)))])
    base = (config.crossnotes_base_url or config.html_baseurl or "").rstrip("/")
    folder = f"{config.language}/" if len(config.crossnotes_languages) > 1 else ""
    if base:
        config.crossnotes_base_url = f"{base}/"
        default("html_baseurl", f"{base}/{folder}")
    default("notfound_urls_prefix", urlsplit(config.html_baseurl).path or f"/{folder}")
    config.templates_path = [*config.templates_path, str(TEMPLATES)]
    if config.html_theme == "furo":
        if len(config.crossnotes_languages) > 1:
            default("html_sidebars", SIDEBARS)
        set_edit_link(app, config)


def languages_of(app: "Sphinx", config: "Config") -> dict[str, str]:
    """The languages of conf.py, else those of [tool.crossnotes], else the one of Sphinx."""
    if said := config.crossnotes_languages:
        return dict(said)
    if said := configuration.find(Path(app.confdir)).languages:
        return dict(said)
    return {config.language: own_name(config.language)}


def own_name(language: str) -> str:
    """What a language calls itself: `Deutsch` of `de`."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return language
    return locale.get_display_name(locale) or language


def root_of(app: "Sphinx") -> Path:
    """The folder that a repository has its files in."""
    folder = Path(app.confdir).resolve()
    above = [each for each in (folder, *folder.parents) if (each / ".git").exists()]
    return above[0] if above else configuration.find(folder).root


def set_edit_link(app: "Sphinx", config: "Config") -> None:
    """Where a reader can edit a page, or its translation."""
    repository = address_of(app)
    options = config.html_theme_options
    if not repository or {"source_edit_link", "source_repository"} & set(options):
        return
    folder = Path(app.srcdir)
    if config.language != next(iter(config.crossnotes_languages)):
        folder = folder / config.locale_dirs[0] / config.language / "LC_MESSAGES"
    place = Path(os.path.relpath(folder, root_of(app))).as_posix()
    link = f"{repository}/edit/main/{place}/{{filename}}"
    config.html_theme_options = {**options, "source_edit_link": link}


def check_base_url(app: "Sphinx") -> None:
    """Refuse to publish a site whose canonical links and sitemap lead to nobody's host."""
    said: str = app.config.crossnotes_base_url
    if not app.config.crossnotes_publish or not is_nobodys(said):
        return
    logger.warning(
        "crossnotes_base_url is %r; a site that is published needs the address where it will "
        "stand, in conf.py or the variable CROSSNOTES_BASE_URL",
        said,
        location=place_of(app, "crossnotes_base_url"),
        type="crossnotes",
        subtype="publish",
    )


def setup(app: "Sphinx") -> "ExtensionMetadata":
    environ = os.environ.get
    app.add_config_value("crossnotes_languages", {}, "html", [dict])
    app.add_config_value("crossnotes_base_url", environ("CROSSNOTES_BASE_URL", ""), "html", [str])
    app.setup_extension("crossnotes.sphinxext.repository")
    app.connect("config-inited", set_defaults, priority=0)
    app.connect("builder-inited", check_base_url)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
