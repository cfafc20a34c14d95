"""Keeps secrets, and the paths of one machine, out of everything that a run writes down.

A secret is found however Python, Django, SQL, HTML, JSON, URLs and shells write it: each of its
characters is looked for in every way in which one of them writes it, so a text that escapes some
characters and leaves others, or escapes twice, is covered too.
"""

from __future__ import annotations

import base64
import builtins
import html.entities
import keyword
import os
import re
import site
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

#: What stands where a secret stood.
MASK = "********"

#: A secret with fewer characters would be found in answers that do not hold it.
SHORTEST = 6
#: The same for one of digits alone, which answers are full of.
SHORTEST_NUMBER = 12

#: Words of ordinary answers that somebody may have as a password.
_COMMON = """
abc123 access account administrator changeme charset column connection crossnotes database
default delete django django_tidb example insert integer localhost mariadb master mysqlclient
oracle password password1 player players postgres postgresql primary private project public
secret select server service snippets sqlite sqlite3 string system testing transaction
tidb-dedicated tidb-self-hosted tidb-serverless unique update varchar version welcome
""".split()  # noqa: SIM905 (a list would be a page long)
_WORDS = frozenset(word.lower() for word in (*_COMMON, *keyword.kwlist, *dir(builtins)))

#: Folders that every machine has: an answer that names one says nothing of this machine.
_EVERYWHERE = """
/ /bin /dev /etc /home /lib /lib64 /mnt /opt /proc /run /sbin /srv /sys /tmp /usr /usr/bin
/usr/lib /usr/local /usr/local/bin /usr/local/lib /usr/sbin /usr/share /var /var/lib
/var/run /var/tmp
""".split()  # noqa: SIM905 (a list would be a page long)


class Masking:
    """Masks `secrets` (empty ones are none), and puts the word that `paths` gives in place of each
    path. `ordinary` are texts that answers hold anyway, such as the user's and the host's name: a
    secret in one of them cannot be masked."""

    def __init__(
        self,
        secrets: Sequence[str],
        paths: Mapping[str, str] = {},
        ordinary: Iterable[str] = (),
    ) -> None:
        # The longest first: another may be its beginning.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        shown = [path for path in paths if path.rstrip("/") and path not in _EVERYWHERE]
        self._paths = {
            path.rstrip("/"): paths[path] for path in sorted(shown, key=len, reverse=True)
        }
        self._ordinary = tuple(ordinary)

    @cached_property
    def problems(self) -> list[str]:
        """Why a secret cannot be masked, and what to do; without the secret. To be told before
        anything runs."""
        found = (_problem(secret, self._ordinary) for secret in self._secrets)
        return list(dict.fromkeys(problem for problem in found if problem))

    def text(self, text: str) -> str:
        """The text as it may be written down. Mask before a text is cut: half of a secret is not
        found any more."""
        if not self._may_touch(text):
            return text
        words = list(self._paths.values())

        def instead(match: re.Match[str]) -> str:
            number = match.lastindex
            return MASK if number is None else words[number - 1]

        return self._pattern.sub(instead, text)

    def touches(self, text: str) -> bool:
        """Whether `text` holds something that is masked: what was compared with it is then not what
        readers see."""
        return self._may_touch(text) and self._pattern.search(text) is not None

    def _may_touch(self, text: str) -> bool:
        """What almost all texts are told apart by, and at no cost."""
        for rarest, others in self._letters:
            if rarest in text and all(other in text for other in others):
                return True
        return False

    @cached_property
    def _letters(self) -> list[tuple[str, list[str]]]:
        """Of each form the stretches that are written only as they are, the longest before the
        others."""
        forms = [
            *(letters for secret in self._secrets for _form, letters in _secret_forms(secret)),
            *map(_letters_of, self._paths),
        ]
        by_length = (sorted(letters, key=len, reverse=True) or [""] for letters in forms)
        return [(letters[0], letters[1:]) for letters in by_length]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Any secret (no group), or one of the paths (the group of its number)."""
        secrets = [form for secret in self._secrets for form, _letters in _secret_forms(secret)]
        return re.compile("|".join([*secrets, *map(_path_form, self._paths)]))


def machine_paths(project: Path, *temporary: Path) -> dict[str, str]:
    """The paths of this machine, and the word for each: the `project`, the virtual environment and
    its packages, the person's home, and the `temporary` folders of the run."""
    named: list[tuple[str, str]] = [(str(project), "<project>"), (sys.prefix, "<venv>")]
    named += [(folder, "<site-packages>") for folder in site.getsitepackages()]
    named += [(folder, "<tmp>") for folder in [*map(str, temporary), tempfile.gettempdir()]]
    named += [(os.path.expanduser("~"), "<home>")]
    found: dict[str, str] = {}
    for path, word in named:
        # As it was named, and where links lead.
        found.setdefault(os.path.abspath(path), word)
        found.setdefault(os.path.realpath(path), word)
    return found


def _problem(secret: str, ordinary: Iterable[str]) -> str:
    """Why a secret cannot be masked; "" where it can."""
    if len(secret) < SHORTEST:
        why = f"it has fewer than {SHORTEST} characters"
    elif secret.isdecimal() and len(secret) < SHORTEST_NUMBER:
        why = f"it is a number of fewer than {SHORTEST_NUMBER} digits"
    elif len(set(secret)) < 3:
        why = "it repeats one or two characters"
    elif secret.lower() in _WORDS:
        why = "results often contain this word"
    elif any(secret in text for text in ordinary):
        why = "the name of the user, the host or a database holds it"
    else:
        return ""
    return (
        f"the results could show the password, because {why}; give the account a random one, such "
        "as `python -c 'import secrets; print(secrets.token_hex(16))'` prints"
    )


def _path_form(path: str) -> str:
    """A group for a path that is not the beginning of another name, as /work is of /workshop, and,
    where it is short, not the end of another path, as /root is of /mnt/root."""
    before = r"(?<![\w.])" if path.count("/") == 1 else ""
    return rf"{before}({_written(path)})(?![\w-]|\.\w)"


# -- how a text is written ------------------------------------------------------------------------


def _secret_forms(secret: str) -> Iterator[tuple[str, list[str]]]:
    """Patterns for everything that a secret is written as, each with letters that are in it."""
    yield _written(secret), _letters_of(secret)
    data = secret.encode("utf-8", "surrogateescape")
    if len(data) >= SHORTEST:
        for digits in (data.hex(), data.hex().upper()):
            yield digits, [digits]
        yield from _base64(data)


def _base64(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """Base64 of a text that the data is a part of, as `user:password` is in HTTP: the letters that
    depend on nothing else, for each of the three ways to begin."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        first, whole = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        core = encoded[first:whole]
        form = re.escape(core).replace(r"\+", "[+-]").replace("/", "[/_]")
        yield form + r"(?:[\w+/-]?={1,2})?", _letters_of(core)


#: Letters and digits are written as they are, everywhere.
_AS_IT_IS = re.compile(r"[A-Za-z0-9_]")


def _letters_of(text: str) -> list[str]:
    """The stretches of letters and digits."""
    return re.findall(r"[A-Za-z0-9_]+", text)


#: So that a line of a million backslashes is passed at once. Before Python 3.11.5, such as that of
#: Debian 12, a possessive group does not match what it should, and a secret came through:
#: https://github.com/python/cpython/issues/106052
_POSSESSIVE = "+" if sys.version_info >= (3, 11, 5) else ""

#: A backslash, in HTML and in a URL too, and how often it may stand before what it escapes: four
#: languages in each other make fifteen of one.
_BACKSLASH = (
    r"(?:\\(?:[ux](?:00)?5[cC]|134)?|&(?:amp;){0,4}(?:#92|#[xX]5[cC]|bsol);|%(?:25){0,4}5[cC])"
)
_BEHIND = _BACKSLASH + "{1,16}" + _POSSESSIVE
_MAYBE_BEHIND = _BACKSLASH + "{0,16}" + _POSSESSIVE

#: What follows a backslash, beside the character itself and its number.
_MNEMONICS = {"\n": "n", "\r": "r", "\t": "t", "\0": "0", "\b": "b", "\f": "f", "\x1a": "Z"}

#: What is written twice in quotes of its own, or where it has a meaning.
_DOUBLED = "'\"`%$"


@cache
def _entity_names() -> Mapping[str, list[str]]:
    """Names in HTML by character, such as amp and apos."""
    found: dict[str, list[str]] = {}
    for name, character in html.entities.html5.items():
        if name.endswith(";"):
            found.setdefault(character, []).append(name[:-1])
    return found


def _written(text: str) -> str:
    """A pattern for all the ways in which a text is written."""
    # Backslashes are taken together: of how many each became more is not to be found out.
    parts = re.findall(r"\\+|[^\\]", text, re.DOTALL)
    return "".join(_backslashes(part) if part[0] == "\\" else _character(part) for part in parts)


def _backslashes(run: str) -> str:
    return f"{_BACKSLASH}{{{len(run)},{16 * len(run)}}}{_POSSESSIVE}"


def _character(character: str) -> str:
    if _AS_IT_IS.fullmatch(character):
        return character
    number = ord(character)
    data = character.encode("utf-8", "surrogateescape")
    plain = [
        re.escape(character),
        # A URL, encoded again too, and an e-mail's quoted-printable.
        "".join(rf"[%=](?:25){{0,4}}{_hex(byte)}" for byte in data),
        _entity(character),
    ]
    if character == " ":
        plain.append(r"\+")
    times = "{1,2}" if character in _DOUBLED else ""
    ways = [f"(?:{_MAYBE_BEHIND}(?:{'|'.join(plain)})){times}"]
    # Bytes, as Python and PostgreSQL show them.
    ways.append("".join(rf"{_BEHIND}x{_hex(byte)}" for byte in data))
    ways.append("".join(rf"{_BEHIND}{byte:03o}" for byte in data))
    ways += _numbered(number)
    if character in _MNEMONICS:
        ways.append(f"{_BEHIND}{_MNEMONICS[character]}")
    if character == "'":
        # A shell leaves its quotes for one of them.
        ways.insert(0, r"""'(?:"'"|\\')'""")
    return f"(?:{'|'.join(ways)})"


def _numbered(number: int) -> Iterator[str]:
    r"""\xNN, \uNNNN, \UNNNNNNNN and the pairs of JSON."""
    if number < 0x100:
        yield f"{_BEHIND}x{_hex(number)}"
    if number < 0x10000:
        yield f"{_BEHIND}u{_hex(number, 4)}"
    else:
        high, low = divmod(number - 0x10000, 0x400)
        yield f"{_BEHIND}u{_hex(0xD800 + high, 4)}{_BEHIND}u{_hex(0xDC00 + low, 4)}"
    yield f"{_BEHIND}U{_hex(number, 8)}"


def _entity(character: str) -> str:
    """HTML's names and numbers of it, escaped again or not."""
    number = ord(character)
    names = [f"#0*{number}", f"#[xX]0*{_hex(number, 1)}", *_entity_names().get(character, ())]
    return f"&(?:amp;){{0,4}}(?:{'|'.join(names)});"


def _hex(number: int, digits: int = 2) -> str:
    """A number in hexadecimal, in either case."""
    written = f"{number:0{digits}x}"
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in written)
