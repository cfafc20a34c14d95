"""External servers as the environment names them, each in a URL."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from crossnotes.targets import Identity, Offer, TargetError, series

#: `{host}`, `${host}` or `<host>`: words in brackets and nothing else.
_PLACEHOLDER = re.compile(r"\$?\{[A-Za-z][\w .-]*\}|<[A-Za-z][\w .-]*>")


class UrlError(Exception):
    """A URL that cannot be used; the message names its variable, and never what it holds."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a URL, percent-decoded. `database` is what follows the host, without the
    slash."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    options: Mapping[str, str]

    @property
    def where(self) -> str:
        """What may be shown of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def over_tcp(host: str) -> str:
    """The host by which clients of MySQL reach a port: by `localhost` they would take a socket, of
    whatever server has it."""
    return "127.0.0.1" if host.lower() == "localhost" else host


def is_placeholder(value: str) -> bool:
    """Whether somebody copied an example and left this as it stood there."""
    return _PLACEHOLDER.fullmatch(value) is not None


def address(
    variable: str, value: str, schemes: Collection[str], port: int, options: Mapping[str, str]
) -> Address:
    """The address that a variable names. `options` are the known options of the query, each with
    the word `file` where it names one, `text` otherwise. Raises UrlError."""
    example = f"{next(iter(schemes))}://user:password@host:{port}/"
    # The value is not repeated in any message: a password written wrongly can be anywhere in it.
    try:
        parts = urllib.parse.urlsplit(value.strip())
        named_port, host = parts.port, parts.hostname
    except ValueError:
        raise UrlError(
            f"{variable} is not a URL like {example}; write the characters / ? # @ : % of a "
            "password percent-encoded"
        ) from None
    if parts.scheme not in schemes:
        raise UrlError(f"{variable} is not a URL like {example}")
    if not host or not parts.username:
        raise UrlError(f"{variable} names no {'user' if host else 'host'}; write {example}")
    found = Address(
        urllib.parse.unquote(host),
        named_port or port,
        urllib.parse.unquote(parts.username),
        urllib.parse.unquote(parts.password or ""),
        urllib.parse.unquote(parts.path.removeprefix("/")),
        dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
    )
    for value in (found.host, found.user, found.password):
        if is_placeholder(value):
            raise UrlError(f"{variable} still holds a placeholder; set it to your own value")
    for name, given in found.options.items():
        _check_option(variable, name, given, options)
    return found


def _check_option(variable: str, name: str, value: str, options: Mapping[str, str]) -> None:
    if name not in options:
        raise UrlError(f"{variable}: unknown option {name!r}; known are: {', '.join(options)}")
    if options[name] == "file" and not os.path.isfile(value):
        raise UrlError(f"{variable}: {name} names {value}, and there is no such file")


def addresses(
    variable: str, value: str, schemes: Collection[str], port: int, options: Mapping[str, str]
) -> list[Address]:
    """The addresses that a variable names, with blanks between two of them. Raises UrlError."""
    return [address(variable, each, schemes, port, options) for each in value.split()]


def asked(
    found: Iterable[tuple[str, Callable[[], Identity], Offer]], wanted: str, numbers: int
) -> tuple[Offer | None, list[str]]:
    """The first of several servers that says that it is of a series; and what the others are, or
    why they say nothing. Each has a name, a way to ask it, and its Offer; without a series the
    first is taken and none asked."""
    others = []
    for name, identify, offer in found:
        if not wanted:
            return offer, []
        try:
            identity = identify()
        except TargetError as error:
            others.append(str(error))
            continue
        if series(identity.number, numbers) == wanted:
            return offer, []
        others.append(f"{name} is {identity.short}")
    return None, others


def url(scheme: str, found: Address) -> str:
    """The URL that names an address: the inverse of `address`."""
    quote = urllib.parse.quote
    user = quote(found.user, safe="")
    secret = f":{quote(found.password, safe='')}" if found.password else ""
    database = quote(found.database, safe="")
    query = f"?{urllib.parse.urlencode(found.options)}" if found.options else ""
    return f"{scheme}://{user}{secret}@{found.where}/{database}{query}"
