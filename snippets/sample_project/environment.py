"""What the environment says about TiDB, checked before Django connects with it."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

Environment = Mapping[str, str | None]

TIDB_VARIABLES = ("TIDB_HOST", "TIDB_PORT", "TIDB_USER", "TIDB_PASSWORD", "TIDB_DB_NAME")

#: `{host}`, `${host}` or `<host>`: words in brackets and nothing else.
PLACEHOLDER = re.compile(r"\$?\{[A-Za-z][\w .-]*\}|<[A-Za-z][\w .-]*>")


def wants_tidb(env: Environment) -> bool:
    """Tell whether to connect to TiDB, and refuse settings that can't work."""
    if not any(env.get(name) for name in TIDB_VARIABLES):
        return False
    problems = find_problems(env)
    if problems:
        raise ImproperlyConfigured("\n".join(problems))
    return True


def find_problems(env: Environment) -> list[str]:
    """Say for each unusable variable what is wrong with it and what to do."""
    problems = []
    if not env.get("TIDB_HOST"):
        others = ", ".join(name for name in TIDB_VARIABLES if env.get(name))
        problems.append(
            f"TIDB_HOST is not set, but these are: {others}. Set TIDB_HOST to the address of "
            "the TiDB server, or remove every TIDB_ variable to use SQLite."
        )
    for name in ("TIDB_USER", "TIDB_DB_NAME"):
        if not env.get(name):
            problems.append(f"{name} is not set. Add it to .env or to the environment.")
    if env.get("TIDB_PASSWORD") is None:
        problems.append(
            "TIDB_PASSWORD is not set. Add it to .env or to the environment; "
            "write TIDB_PASSWORD='' if the user has no password."
        )
    placeholders = [
        name for name in (*TIDB_VARIABLES, "CA_PATH") if PLACEHOLDER.fullmatch(env.get(name) or "")
    ]
    # The value is not repeated: it could be a password that only looks like a placeholder.
    problems += [
        f"{name} still holds a placeholder. Replace it with your own value."
        for name in placeholders
    ]
    port = env.get("TIDB_PORT") or "4000"
    if "TIDB_PORT" not in placeholders and not is_port(port):
        problems.append(
            f"TIDB_PORT is {port!r}, which is no port number. Set a number from 1 to 65535, "
            "or remove it to use 4000."
        )
    ca_path = env.get("CA_PATH")
    if ca_path and "CA_PATH" not in placeholders and not Path(ca_path).is_file():
        problems.append(
            f"CA_PATH names {Path(ca_path).absolute()}, and there is no such file. Set it to the "
            "file of the certificate authority, or remove it for a server without TLS."
        )
    return problems


def is_port(text: str) -> bool:
    """Tell whether text is the decimal number of a TCP port."""
    return re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= 65535
