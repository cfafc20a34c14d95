"""Serves the site to its authors: built again, and loaded again, whenever a file changes.

It answers to the names of this machine alone: a page of the web whose own name suddenly leads here
(DNS rebinding) is refused, and so is one that calls from another origin.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livereload import Server
from livereload.handlers import LiveReloadHandler, LiveReloadJSHandler
from livereload.server import LiveScriptInjector
from tornado import web
from tornado.httputil import HTTPHeaders, HTTPServerRequest

from crossnotes import config, files
from crossnotes.site import build as site
from crossnotes.site.project import find

#: What a build depends on beside pages, catalogues, conf.py, ledgers and the Django project.
WATCHED = ("crossnotes", "pyproject.toml")

ADDRESS = "127.0.0.1"
#: How a browser of this machine calls it.
NAMES = frozenset(["127.0.0.1", "localhost", "::1"])


def is_made(path: str) -> bool:
    """Whether a file below a watched folder is written by a build itself."""
    return path.endswith((".mo", ".pyc", "~", files.SUFFIX)) or "__pycache__" in path


def is_own(headers: HTTPHeaders) -> bool:
    """Whether a request was meant for this server, and comes from nobody else's page."""
    host, origin = headers.get("Host", ""), headers.get("Origin")
    try:
        name = urlsplit(f"//{host}").hostname
        return name in NAMES and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:
        return False


class Refusal(web.RequestHandler):
    """Says no, whatever is asked."""

    def prepare(self) -> None:
        self.set_status(403)
        self.finish(f"Open this site under one of these names: {', '.join(sorted(NAMES))}.\n")


class Application(web.Application):
    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        if not is_own(request.headers):
            return self.get_handler_delegate(request, Refusal)
        return super().find_handler(request, **kwargs)


class OwnServer(Server):  # type: ignore[misc]
    """livereload's, which would answer to everybody."""

    def application(
        self,
        port: int,
        host: str,
        liveport: int | None = None,
        debug: bool | None = None,
        live_css: bool = True,
    ) -> None:
        LiveReloadHandler.watcher, LiveReloadHandler.live_css = self.watcher, live_css
        script = b'<script src="/livereload.js"></script>'
        injector = type("Injector", (LiveScriptInjector,), {"script": script})
        live = [("/livereload", LiveReloadHandler), ("/livereload.js", LiveReloadJSHandler)]
        handlers = [*live, *self.get_web_handlers(script)]
        Application(handlers, debug=debug, transforms=[injector]).listen(port, address=host)


def watched(root: Path) -> list[Path]:
    """The files and folders that a build depends on."""
    project = find(root)
    found = config.find(root).django
    # A project at the root would have the build watch what it writes.
    django = "" if found == "." else found
    own = [project.source, project.locale, project.conf / "conf.py", project.ledger]
    return [*own, *(root / name for name in (*WATCHED, django) if name)]


def serve(port: int, root: Path = Path()) -> int:
    """Build, then serve build/html on the loopback until Ctrl-C; an exit code."""
    if site.build(root=root) == 2:
        return 2
    server = OwnServer()
    for path in watched(root):
        server.watch(str(path), lambda: site.build(root=root), ignore=is_made)
    try:
        server.serve(port=port, host=ADDRESS, root=str(root / site.OUT))
    except OSError as error:
        print(f"Cannot listen on port {port}: {error.strerror}", file=sys.stderr)
        return 2
    except OverflowError:
        print(f"There is no port {port}: give one from 1 to 65535", file=sys.stderr)
        return 2
    return 0
