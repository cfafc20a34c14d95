"""Mend: what another package gets wrong, and the versions and attributes that we mend it in.

Each is a module of this folder: its docstring says what is mended, with the place upstream, and its
`setup` applies it. The records are in `__init__.py`, so that a module is not even imported where it
does not fit.
"""

from dataclasses import dataclass
from importlib import import_module, metadata

from packaging.specifiers import SpecifierSet


@dataclass(frozen=True)
class Mend:
    """The mend in the module `name`: `what` it mends in the distribution `package`, in which
    `versions`. It stands on `attributes`, each as `module:name.of.attribute`, or as several with
    ` | ` between, of which one is enough. With a `theme` it is for pages of that theme
    alone, with an `extension` for projects that have that one."""

    name: str
    what: str
    package: str
    versions: str
    attributes: tuple[str, ...] = ()
    theme: str = ""
    extension: str = ""

    def mismatch(self) -> str:
        """Why it cannot be applied to what is installed, or ""."""
        try:
            version = metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return f"{self.package} is not installed"
        if not SpecifierSet(self.versions).contains(version, prereleases=True):
            return f"{self.package} is {version}, it is made for {self.versions}"
        missing = [each for each in self.attributes if not any(map(_has, each.split(" | ")))]
        return f"{self.package} {version} has no {', '.join(missing)}" if missing else ""


def _has(attribute: str) -> bool:
    module, _, path = attribute.partition(":")
    try:
        found: object = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return False
    return True
