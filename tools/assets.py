"""Put third-party browser files into static/vendor, checked by SHA-256, draw the icons, and compress what is served.

All of these files are ignored by git. Standard library only, save for brotli, which is used when installed, and Pillow.
Sources of the browser files, in this order: the files already there; the PyPI wheel named in assets.lock
(its data files only, no dependencies); npm, when it is installed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import icons

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
FILES = {  # name: (sha256, path in the wheel, path in the npm package)
    "htmx.min.js": (
        "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de",
        "django_htmx/static/django_htmx/htmx-2.min.js",
        "htmx.org/dist/htmx.min.js",
    ),
}
COMPRESSED = {".css", ".js", ".json", ".svg", ".txt", ".webmanifest"}
SIDES = (".gz", ".br")


def ok(path: Path, digest: str) -> bool:
    """Say whether this file exists with exactly these bytes."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def from_pip(tmp: Path) -> Path:
    """Unpack the wheel of assets.lock and return the folder that holds its files."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "--only-binary=:all:",
         "--disable-pip-version-check", "--retries=2", "--target", str(tmp), "-r", str(ROOT / "assets.lock")],
        check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    return tmp


def from_npm(tmp: Path) -> Path:
    """Install the packages of package.json and return the folder that holds them."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    shutil.copy(ROOT / "package.json", tmp)
    subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=tmp, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    return tmp / "node_modules"


def fetch() -> list[str]:
    """Fetch the browser files that are missing; return the problems met when none of the sources had them."""
    missing = [name for name, (digest, *_) in FILES.items() if not ok(VENDOR / name, digest)]
    if not missing:
        return []
    VENDOR.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    for index, source in ((1, from_pip), (2, from_npm)):
        with tempfile.TemporaryDirectory() as tmp:
            try:
                base = source(Path(tmp))
                for name in missing:
                    found = base / FILES[name][index]
                    if not ok(found, FILES[name][0]):
                        raise ValueError(f"{FILES[name][index]} is absent or has another SHA-256")  # noqa: TRY301
                    part = VENDOR / f"{name}.{os.getpid()}.part"
                    shutil.copyfile(found, part)
                    part.replace(VENDOR / name)
            except subprocess.CalledProcessError as exc:
                said = [line for line in (exc.stderr or "").splitlines() if line.strip()]
                problems.append(f"{source.__name__}: {said[-1] if said else exc}")
            except (OSError, ValueError) as exc:
                problems.append(f"{source.__name__}: {exc}")
            else:
                return []
    return problems


def compress() -> int:
    """Write .gz and .br files beside what is served, only where they are stale; return how many were written."""
    try:
        import brotli
    except ImportError:
        brotli = None
    written = 0
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        if path.suffix in SIDES and path.with_suffix("").suffix in COMPRESSED:
            if not path.with_suffix("").exists():
                path.unlink()  # what it was made of is gone
        elif path.suffix in COMPRESSED:
            made_of = path.stat()
            for side in SIDES:
                beside = path.with_name(path.name + side)
                # Equal times, not newer ones: an older version put back must be compressed again too.
                if beside.exists() and beside.stat().st_mtime_ns == made_of.st_mtime_ns:
                    continue
                if side == ".br" and brotli is None:
                    beside.unlink(missing_ok=True)
                    continue
                plain = path.read_bytes()
                small = (
                    gzip.compress(plain, 9, mtime=0) if side == ".gz" else brotli.compress(plain, quality=11)
                )
                part = beside.with_name(f"{beside.name}.{os.getpid()}.part")
                part.write_bytes(small)
                os.utime(part, ns=(made_of.st_atime_ns, made_of.st_mtime_ns))
                part.replace(beside)
                written += 1
    return written


def main() -> int:
    """Fetch, then compress; return 0, or 1 with one line of explanation."""
    problems = fetch()
    if problems:
        print(f"Cannot get the browser files; is there a network? ({'; '.join(problems)})", file=sys.stderr)
        return 1
    icons.write()
    compress()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
