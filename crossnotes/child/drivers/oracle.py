"""Oracle by oracledb."""

from collections.abc import Mapping
from typing import Any

import oracledb


def connect(entry: Mapping[str, Any]) -> Any:
    """A connection in autocommit mode to what `entry`, one of DATABASES, names."""
    connection = oracledb.connect(user=entry["USER"], password=entry["PASSWORD"], dsn=entry["NAME"])
    connection.autocommit = True
    return connection
