"""The URL of a database, for pages that use no Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from crossnotes.targets import Database

#: The variables that hold it: as drivers and most libraries write it, and with the driver's name,
#: as SQLAlchemy wants it for a driver that is not its first choice.
DATABASE_URL, SQLALCHEMY_URL = "DATABASE_URL", "SQLALCHEMY_URL"

#: The scheme of each driver's URL, and what SQLAlchemy adds to it.
_SCHEMES: Mapping[str, tuple[str, str]] = {
    "psycopg": ("postgresql", "+psycopg"),
    "mysqlclient": ("mysql", "+mysqldb"),
    "oracledb": ("oracle", "+oracledb"),
    "": ("sqlite", ""),
}


def environment(database: Database, driver: str) -> dict[str, str]:
    """The variables that lead a page to its database; `driver` is the distribution of its target's
    driver. Nothing for a database that has no URL."""
    if database.url:
        return {DATABASE_URL: database.url, SQLALCHEMY_URL: database.url}
    if driver not in _SCHEMES:
        return {}
    scheme, dialect = _SCHEMES[driver]
    rest = _rest(database.django)
    return {DATABASE_URL: f"{scheme}://{rest}", SQLALCHEMY_URL: f"{scheme}{dialect}://{rest}"}


def _rest(entry: Mapping[str, Any]) -> str:
    if not entry.get("HOST") and not entry.get("USER"):
        return f"/{entry['NAME']}"
    account = f"{quote(entry['USER'], safe='')}:{quote(entry['PASSWORD'], safe='')}"
    host = entry.get("HOST", "")
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    port = f":{entry['PORT']}" if entry.get("PORT") else ""
    query = urlencode(_options(entry.get("OPTIONS", {})))
    return f"{account}@{place}{port}/{quote(entry['NAME'])}{f'?{query}' if query else ''}"


def _options(options: Mapping[str, Any]) -> dict[str, str]:
    """What of a connection's options stands in a URL."""
    found: dict[str, str] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{inner}": str(each) for inner, each in value.items()}
        elif value is not None:
            found[name] = str(value)
    return found
