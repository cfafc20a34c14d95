"""What the tests need of this machine: `python tests/machine.py requirements-test.txt`.

As root on Debian it installs the missing packages; elsewhere it names them, and what can be tested
without them is. Then it installs the locked requirements, without mysqlclient where that cannot be
built.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path


def has_program(*names: str) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return any(shutil.which(name, path=path) for name in names)


def has_library(*names: str) -> bool:
    if not has_program("pkg-config"):
        return False
    return any(subprocess.run(["pkg-config", "--exists", name]).returncode == 0 for name in names)


def has_headers() -> bool:
    return Path(sysconfig.get_paths()["include"], "Python.h").is_file()


def has_japanese_font() -> bool:
    if not has_program("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True)
    return bool(listed.stdout.strip())


#: Debian's package → whether what it brings is there.
NEEDED = {
    "mariadb-server-core": lambda: has_program("mariadbd") and has_program("mariadb-install-db"),
    "default-libmysqlclient-dev": lambda: has_library("mysqlclient", "libmariadb"),
    "pkg-config": lambda: has_program("pkg-config"),
    "gcc": lambda: has_program("gcc", "cc"),
    "python3-dev": has_headers,
    "chromium": lambda: has_program("chromium", "chromium-browser", "google-chrome"),
    "fonts-noto-cjk": has_japanese_font,
}

BUILDS_MYSQLCLIENT = ("default-libmysqlclient-dev", "pkg-config", "gcc", "python3-dev")


def missing() -> list[str]:
    return [package for package, is_there in NEEDED.items() if not is_there()]


def install(packages: list[str]) -> None:
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update"], **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "--no-install-recommends", *packages, "fontconfig"], **quiet
    )


def install_requirements(file: Path, without_mysqlclient: bool) -> int:
    text = file.read_text(encoding="utf-8")
    if without_mysqlclient:
        text = re.sub(r"^mysqlclient==(?:.*\\\n)*.*\n", "", text, flags=re.MULTILINE)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(text)
        wanted.flush()
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        return subprocess.run([*pip, "install", "--require-hashes", "-r", wanted.name]).returncode


def main() -> int:
    packages = missing()
    if packages and os.geteuid() == 0 and has_program("apt-get"):
        install(packages)
        packages = missing()
    if packages:
        print(
            "Some tests will be skipped. On Debian, these packages bring what they need:\n"
            f"    sudo apt-get install {' '.join(packages)}",
            flush=True,
        )
    cannot_build = any(package in packages for package in BUILDS_MYSQLCLIENT)
    return install_requirements(Path(sys.argv[1]), cannot_build)


if __name__ == "__main__":
    sys.exit(main())
