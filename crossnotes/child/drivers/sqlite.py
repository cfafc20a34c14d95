"""SQLite by Python's own driver."""

import sqlite3
from collections.abc import Mapping
from typing import Any


def connect(entry: Mapping[str, Any]) -> sqlite3.Connection:
    """A connection in autocommit mode to what `entry`, one of DATABASES, names."""
    return sqlite3.connect(entry["NAME"], isolation_level=None)
