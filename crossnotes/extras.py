"""Which extra of this package brings what is not installed."""

from __future__ import annotations

#: Each module by the extra that brings it; all others come with the site.
_EXTRAS = {
    "MySQLdb": "mysql",
    "django_tidb": "tidb",
    "docker": "servers",
    "oracledb": "oracle",
    "psycopg": "postgresql",
    "pytest": "",
    "testcontainers": "servers",
    "trustme": "servers",
}


def needed(error: ModuleNotFoundError) -> str:
    """One sentence on a module that is not installed, with the command that installs it."""
    module = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(module, "site")
    package = f"'crossnotes[{extra}]'" if extra else module
    return f"{error.name} is not installed, and this needs it: pip install {package}"
