"""PostgreSQL by psycopg."""

from collections.abc import Mapping
from typing import Any

import psycopg


def connect(entry: Mapping[str, Any]) -> Any:
    """A connection in autocommit mode to what `entry`, one of DATABASES, names."""
    return psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        user=entry["USER"],
        password=entry["PASSWORD"],
        dbname=entry["NAME"],
        autocommit=True,
        **entry["OPTIONS"],
    )
