"""limit.py CODES: compile and run snippets that are already extracted, and nothing else.

CODES are the JSON lines of `crossnotes list`. Nobody who runs the snippets can be faster.
"""

import json
import sys

namespaces: dict[str, dict[str, object]] = {}
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        snippet = json.loads(line)
        namespace = namespaces.setdefault(snippet["page"], {})
        exec(compile(snippet["code"], snippet["page"], "exec"), namespace)  # noqa: S102
