# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Other people's programs, pinned, each fetched once from its registry into the build folder by its
ordinary client. Where one cannot be had, the test that wants it is skipped and says why."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
CACHE = pathlib.Path(os.environ["XL_BUILD"]).resolve() / "conformance"
FETCH_SECONDS = 400  # some 150 MB where a registry is slow


def want(program, package):
    """Skips the test on a machine without a program."""
    if shutil.which(program) is None:
        pytest.skip(f"skipped: {program} is missing; on Debian: apt-get install {package}")


def fetched(name, pins, make):
    """The folder `name` of the cache, made by `make(folder)` unless it is there for these very
    pins. Tests run side by side: one fetches, the others wait for it."""
    folder = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = "".join(one.read_text(encoding="utf-8") for one in pins)
    stamp = folder / ".pins"
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            stamp.write_text(wanted, encoding="utf-8")
    return folder


def fetch(what, *command, cwd=None):
    """Runs a registry's client."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True,
                              text=True, timeout=FETCH_SECONDS, stdin=subprocess.DEVNULL)
        told, failed = (done.stdout + done.stderr).strip(), done.returncode != 0
    except subprocess.TimeoutExpired:
        told, failed = f"no answer within {FETCH_SECONDS} s", True
    if failed:
        pytest.skip(f"skipped: {what} could not be fetched: {told[-400:]}")


def npm_folder(source):
    """A folder with the packages that `source`/package-lock.json pins, and the files of it."""
    want("node", "nodejs")
    want("npm", "npm")
    files = sorted(one for one in (HERE / source).iterdir() if one.is_file())

    def make(folder):
        for one in files:
            shutil.copy(one, folder)
        fetch(source, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    return fetched(source, files, make)


def hapi_classpath():
    """HAPI FHIR and our programs with it, compiled."""
    want("javac", "openjdk-17-jdk-headless")
    want("mvn", "maven")
    sources = sorted((HERE / "hapi").glob("*.java"))
    pom = HERE / "hapi/pom.xml"
    libraries = fetched("hapi-libraries", [pom], lambda folder: fetch(
        "HAPI FHIR", "mvn", "-B", "-q", "-f", pom, "dependency:copy-dependencies",
        f"-DoutputDirectory={folder}"))

    def make(folder):
        done = subprocess.run(["javac", "-d", folder, "-cp", f"{libraries}/*", *sources],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    return f"{libraries}/*:{fetched('hapi-programs', [pom, *sources], make)}"


def python_with(name):
    """The interpreter of an environment with what `name`.txt pins."""
    pins = HERE / f"{name}.txt"

    def make(folder):
        fetch(name, sys.executable, "-m", "venv", folder)
        fetch(name, folder / "bin/python", "-m", "pip", "install", "--no-deps",
              "--disable-pip-version-check", "-q", "-r", pins)
    return fetched(name, [pins], make) / "bin/python"
