"""Ask whether anything is known against the libraries of the locks, and list their licences, in docs/dependencies.md (make audit).

By hand and with network: what is locked is sent to https://osv.dev in one question, and the answer counts only when it speaks
of each library that was asked about. `--without-network` lists the licences and says that nothing was looked up.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import re
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
SOURCE = "https://api.osv.dev/v1/querybatch"
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "assets.lock")
NPM_LOCK = "tools/checkers/package-lock.json"
LINE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.M)


class Unaudited(Exception):  # noqa: N818 - an answer, not a fault
    """Nothing can be said of what is locked; the message says why."""


@dataclass(frozen=True, order=True)
class Library:
    """One library of a lock, in one version."""

    ecosystem: str
    name: str
    version: str
    used: str
    licence: str


def _licence(name: str) -> str:
    try:
        told: dict[str, Any] = dict(importlib.metadata.metadata(name).json)
    except importlib.metadata.PackageNotFoundError:
        return "not installed here"
    classified = [line.rpartition(" :: ")[2] for line in told.get("classifier", ()) if line.startswith("License ::")]
    said = told.get("license_expression") or "; ".join(classified) or str(told.get("license", "")).strip().partition("\n")[0]
    return str(said)[:60] or "not said"


def locked(root: Path = ROOT) -> list[Library]:
    """Return every library that a lock names, once."""
    found: dict[tuple[str, str, str], Library] = {}
    for lock in PYTHON_LOCKS:
        for name, version in LINE.findall((root / lock).read_text(encoding="utf-8")):
            used = "served" if lock == "requirements.lock" else "built in" if lock == "assets.lock" else "tests"
            found.setdefault(("PyPI", name.lower(), version), Library("PyPI", name.lower(), version, used, _licence(name)))
    for path, entry in json.loads((root / NPM_LOCK).read_text(encoding="utf-8"))["packages"].items():
        if path:
            name = entry.get("name") or path.rpartition("node_modules/")[2]
            found.setdefault(("npm", name, entry["version"]),
                             Library("npm", name, entry["version"], "tests", str(entry.get("license") or "not said")))
    for name, version in json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"].items():
        found.setdefault(("npm", name, version), Library("npm", name, version, "served", "0BSD"))
    return sorted(found.values())


def ask(libraries: list[Library], source: str = SOURCE) -> Any:
    """Return what the source answers about these libraries, whatever that is."""
    body = {"queries": [{"package": {"name": one.name, "ecosystem": one.ecosystem}, "version": one.version} for one in libraries]}
    request = urllib.request.Request(source, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 - as below
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - a constant, or a test's own server
            return json.loads(answer.read(50_000_000))
    except (OSError, ValueError) as fault:
        raise Unaudited(f"{source} did not answer: {fault}") from None


def fault_of(asked: int, answered: object) -> str | None:
    """Say why an answer does not count, or None when it does: it speaks of each library that was asked about, and wholly."""
    if not asked:
        return "no library was found in the locks"
    if not isinstance(answered, dict) or not isinstance(answered.get("results"), list):
        return "the answer is no list"
    results = answered["results"]
    if len(results) != asked:
        return f"{asked} libraries were asked about, and {len(results)} answered"
    for one in results:
        if not isinstance(one, dict) or not isinstance(one.get("vulns", []), list):
            return "an answer is not of the form that is known"
        if one.get("next_page_token"):
            return "an answer is not whole"
    return None


def audited(libraries: list[Library], source: str = SOURCE) -> dict[Library, list[str]]:
    """Return what is known against each library, by number; raises Unaudited when it was not told of each."""
    answered = ask(libraries, source)
    fault = fault_of(len(libraries), answered)
    if fault is not None:
        raise Unaudited(fault)
    return {one: sorted(str(known.get("id")) for known in told.get("vulns", []))
            for one, told in zip(libraries, answered["results"], strict=True)}


def page(libraries: list[Library], known: dict[Library, list[str]] | None, on: dt.date) -> str:
    """Return the page that people read."""
    if known is None:
        said = f"Nothing has been looked up: the list below was made on {on} without network. `make audit` asks."
    else:
        against = sum(map(bool, known.values()))
        said = f"Looked up on {on} at osv.dev: {len(known)} of {len(libraries)} libraries, something is known against {against}."
    lines = [
        "# What we take from others", "",
        "Written by `make audit`. Each library is locked by its hash and served from our own host; none is loaded by a page from elsewhere.",
        "", said, "", "| library | version | from | used | licence | known against it |", "|---|---|---|---|---|---|",
    ]
    lines += [f"| {one.name} | {one.version} | {one.ecosystem} | {one.used} | {one.licence.replace('|', '/')} | "
              f"{'not looked up' if known is None else ', '.join(known[one]) or 'nothing'} |" for one in libraries]
    return "\n".join(lines) + "\n"


def main(words: list[str], source: str = SOURCE, written: Path = PAGE) -> int:
    """Write the page and return 0; 1 when something is known against a library, or when that could not be told."""
    libraries = locked()
    today = dt.datetime.now(tz=dt.UTC).date()
    if "--without-network" in words:
        written.write_text(page(libraries, None, today), encoding="utf-8")
        return 0
    try:
        known = audited(libraries, source)
    except Unaudited as why:
        print(f"NOT AUDITED: {why}. Nothing was written.", file=sys.stderr)
        return 1
    written.write_text(page(libraries, known, today), encoding="utf-8")
    found = {one.name: numbers for one, numbers in known.items() if numbers}
    print("\n".join([f"{len(known)} libraries looked up.", *(f"{name}: {', '.join(numbers)}" for name, numbers in found.items())]))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
