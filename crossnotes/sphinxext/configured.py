"""What conf.py does not say of a project, [tool.crossnotes] does: languages, ledgers, Django."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes import config as configuration

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata


def fill(app: "Sphinx", config: "Config") -> None:
    """Take from the settings what conf.py leaves open."""
    from sphinx.errors import ExtensionError

    try:
        found = configuration.find(Path(app.confdir))
    except configuration.ConfigError as error:
        raise ExtensionError(str(error)) from error
    if config.crossnotes_languages is None:
        config.crossnotes_languages = dict(found.languages) or {"en": "English"}
    if config.crossnotes_ledgers is None:
        config.crossnotes_ledgers = os.path.relpath(found.root / found.ledger, app.confdir)
    if config.crossnotes_django is None:
        django = os.path.relpath(found.root / found.django, app.confdir)
        config.crossnotes_django = django if found.django else ""


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_config_value("crossnotes_languages", None, "html", [dict, type(None)])
    app.add_config_value("crossnotes_ledgers", None, "html", [str, type(None)])
    app.add_config_value("crossnotes_django", None, "html", [str, type(None)])
    # Before anything else asks for them.
    app.connect("config-inited", fill, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
