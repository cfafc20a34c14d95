"""MySQL, MariaDB and TiDB by mysqlclient."""

from collections.abc import Mapping
from typing import Any

import MySQLdb


def connect(entry: Mapping[str, Any]) -> Any:
    """A connection in autocommit mode to what `entry`, one of DATABASES, names."""
    return MySQLdb.connect(
        host=entry["HOST"],
        port=int(entry["PORT"]),
        user=entry["USER"],
        password=entry["PASSWORD"],
        database=entry["NAME"],
        autocommit=True,
        **entry["OPTIONS"],
    )
