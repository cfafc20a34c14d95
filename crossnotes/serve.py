"""Serves the site to its authors: built again, and loaded again, whenever a file changes."""

import sys
from pathlib import Path

from livereload import Server

from crossnotes import site

#: What a build depends on, from the root of the repository.
WATCHED = ("docs", "locale", "snippets", "crossnotes", "ledger", "conf.py", "pyproject.toml")


def is_made(path: str) -> bool:
    """Whether a file below a watched folder is written by a build itself."""
    return path.endswith((".mo", ".pyc", "~")) or "__pycache__" in path


def serve(port: int, root: Path = Path()) -> int:
    """Build, then serve build/html on the loopback until Ctrl-C; an exit code."""
    if site.build(root=root) == 2:
        return 2
    server = Server()
    for name in WATCHED:
        server.watch(str(root / name), lambda: site.build(root=root), ignore=is_made)
    try:
        server.serve(port=port, host="127.0.0.1", root=str(root / site.OUT))
    except OSError as error:
        print(f"Cannot listen on port {port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0
