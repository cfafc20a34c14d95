"""limit.py CODES [--fork]: compile and run snippets that are already extracted, and nothing else.

CODES are the JSON lines of `crossnotes list`. Nobody who runs the snippets can be faster; with
--fork, each page in a fork of its own, nobody who keeps pages apart.
"""

import gc
import itertools
import json
import operator
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from forked import in_fork

with open(sys.argv[1], encoding="utf-8") as file:
    snippets: list[dict[str, Any]] = list(map(json.loads, file))


def run(page: Iterable[dict[str, Any]]) -> None:
    namespace: dict[str, object] = {}
    for snippet in page:
        exec(compile(snippet["code"], snippet["page"], "exec"), namespace)  # noqa: S102


gc.freeze()
for _, page in itertools.groupby(snippets, operator.itemgetter("page")):
    if "--fork" in sys.argv:
        in_fork(partial(run, page))
    else:
        run(page)
