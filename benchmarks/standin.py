"""standin.py ARGUMENTS: the command line, to which tests/standin/tidb-server passes for a TiDB."""

from typing import Any

from crossnotes import cli
from crossnotes.targets import Identity, tidb


def identify(cursor: Any) -> Identity:
    """The stand-in has no TIDB_VERSION()."""
    cursor.execute("SELECT VERSION()")
    return Identity(cursor.fetchone()[0], "stand-in: a MariaDB")


tidb.identify = identify
cli.main(prog_name="crossnotes")
