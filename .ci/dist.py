"""Builds what a release holds into build/dist: the package, as wheel and sdist, and an SBOM
(CycloneDX 1.6) of what it was built, tested and its site made with, which is what was locked."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from importlib import metadata
from pathlib import Path

from flit_core import buildapi

OUT = Path("build/dist")
LOCKS = ("requirements.txt", "requirements-test.txt")


def locked() -> dict[tuple[str, str], str]:
    """Name and version of each package → the first file that holds it."""
    found: dict[tuple[str, str], str] = {}
    for lock in LOCKS:
        text = Path(lock).read_text(encoding="utf-8")
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
            found.setdefault((name, version), lock)
    return found


def sbom(name: str, version: str) -> dict[str, object]:
    """The bill of materials. It depends on nothing but the lock files, so that it can be made
    again: no time, and a number that follows from what it lists."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{package}@{release}",
            "name": package,
            "version": release,
            "purl": f"pkg:pypi/{package}@{release}",
            # What the site needs, against what only tests and drivers do.
            "scope": "required" if lock == LOCKS[0] else "optional",
        }
        for (package, release), lock in sorted(locked().items())
    ]
    package = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([package, components], sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": package},
        "components": components,
        "dependencies": [
            {
                "ref": package["bom-ref"],
                "dependsOn": [component["bom-ref"] for component in components],
            }
        ],
    }


#: A link of Markdown to a file of the repository, or a picture of it.
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")


def repository() -> str:
    """Where the repository is on the web; GitHub's runners say it. "" where nobody does."""
    server, name = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    named = os.environ.get("CROSSNOTES_REPOSITORY_URL", "")
    return named.rstrip("/") or (f"{server}/{name}" if server and name else "")


def for_index(readme: str, repository: str) -> str:
    """A README as an index of packages shows it, which has no files: links lead to the repository.
    Where nobody knows where that is, they are words, and pictures are left out."""

    def link(match: re.Match[str]) -> str:
        sign, text, path = match.groups()
        if not repository:
            return "" if sign else text
        return f"{sign}[{text}]({repository}/{'raw' if sign else 'blob'}/main/{path})"

    return _LINK.sub(link, readme)


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    readme = Path("README.md")
    written = readme.read_bytes()
    try:
        readme.write_text(for_index(written.decode(), repository()), encoding="utf-8")
        for build in (buildapi.build_wheel, buildapi.build_sdist):
            print(OUT / build(str(OUT)))
    finally:
        readme.write_bytes(written)
    version = metadata.version("crossnotes")
    path = OUT / f"crossnotes-{version}.cdx.json"
    path.write_text(json.dumps(sbom("crossnotes", version), indent=1) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
