"""Run the tests that keep a promise and write how each promise stands, for /securite and docs/promises.md (make promises)."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REGISTRY, STANDING, PAGE = ROOT / "passport" / "promises.toml", ROOT / "passport" / "promises.json", ROOT / "docs" / "promises.md"
TURNING = "tests/slow/test_promises.py"
PASSED, FAILED, UNTESTED = "pass", "fail", "untested"


@dataclass(frozen=True)
class Kept:
    """One test that keeps a promise: its address for pytest, the promise, its rule and how that is broken, its words."""

    test: str
    promise: str
    rule: str
    how: str
    words: str


def kept() -> Iterator[Kept]:
    """Return every test that says which promise it keeps."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        if "mark.promise(" not in source:
            continue
        tree = ast.parse(source)
        places = [(node, "") for node in tree.body] + [
            (node, f"{one.name}::") for one in tree.body if isinstance(one, ast.ClassDef) for node in one.body]
        for node, within in places:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
                    promise, rule, how = (*(ast.literal_eval(argument) for argument in mark.args), "opposite")[:3]
                    yield Kept(f"{file.relative_to(ROOT)}::{within}{node.name}", promise, rule, how,
                               ast.get_docstring(node) or "")


def registry() -> list[dict[str, Any]]:
    """Return the promises, in order."""
    found: list[dict[str, Any]] = tomllib.loads(REGISTRY.read_text(encoding="utf-8"))["promise"]
    return found


def outcome_of(outcomes: list[str]) -> str:
    """Return how a test ended over all its examples: it passed only when there were some and each of them passed."""
    if "failed" in outcomes:
        return FAILED
    return PASSED if outcomes and set(outcomes) == {"passed"} else UNTESTED


def state_of(tests: list[dict[str, Any]]) -> str:
    """Return how a promise stands: it passes only when each of its tests ran, passed, and noticed that its rule was gone."""
    if any(FAILED in (test["outcome"], test["turned"]) for test in tests):
        return FAILED
    return PASSED if tests and all(test["outcome"] == test["turned"] == PASSED for test in tests) else UNTESTED


def standing(marked: list[Kept], ran: dict[str, list[str]], turned: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return each promise with its tests and how they ended.

    `ran` holds how the examples of each test ended; `turned`, by test, promise and rule, how the trial ended in which
    that rule is turned round.
    """
    found = []
    for promise in registry():
        tests = [
            {"test": one.test, "rule": one.rule, "how": one.how, "words": " ".join(one.words.split()),
             "ran": len(ran.get(one.test, ())), "outcome": outcome_of(ran.get(one.test, [])),
             "turned": outcome_of(turned.get(f"{one.test} {one.promise} {one.rule}", []))}
            for one in marked if one.promise == promise["no"]
        ]
        found.append({"no": promise["no"], "state": state_of(tests), "tests": tests})
    return found


SAID = {PASSED: "**pass**", FAILED: "**FAIL**", UNTESTED: "untested"}
NOTICED = {PASSED: "goes red", FAILED: "STAYS GREEN", UNTESTED: "not tried"}


def page(found: dict[str, Any]) -> str:
    """Return the page that people read in the repository."""
    states = [promise["state"] for promise in found["promises"]]
    lines = [
        "# What we promise, and how it stands",
        "",
        f"Run on {found['run_on']}, on {found['version']}; written by `make promises`, never by hand. The same stands on `/securite`.",
        "« Pass » means: each test named ran and passed, and was seen to fail when the rule it keeps is turned round or taken away.",
        "What was not run is untested. These are our own tests, not an audit, and no standard is claimed beyond this table.",
        "",
        f"{states.count(PASSED)} pass, {states.count(FAILED)} fail, {states.count(UNTESTED)} untested.",
        "",
        "| | promise | how it stands | known not to be kept, or not tested |",
        "|---|---|---|---|",
    ]
    by_number = {promise["no"]: promise for promise in found["promises"]}
    for promise in registry():
        one = by_number[promise["no"]]
        beside = [promise[key]["en"] for key in ("untested", "but") if key in promise and (key == "but" or not one["tests"])]
        lines.append(f"| {promise['no']} | **{promise['title']['en']}.** {promise['en']} | {SAID[one['state']]} | {' '.join(beside)} |")
    lines += ["", "## The tests", "",
              "The last column: the rule, and what its test does when that rule is turned round (« opposite ») or taken away (« absent »).", "",
              "| | test | what it says | examples | ended | without its rule |", "|---|---|---|---|---|---|"]
    lines += [f"| {one['no']} | `{test['test'].removeprefix('tests/')}` | {test['words']} | {test['ran']} | {SAID[test['outcome']]} | "
              f"`{test['rule'].removeprefix('passport.')}` {test['how']}: {NOTICED[test['turned']]} |"
              for one in found["promises"] for test in one["tests"]]
    return "\n".join(lines) + "\n"


def version() -> str:
    """Return which commit this is, and whether anything differs from it."""
    def said(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    commit = said("rev-parse", "--short=10", "HEAD")
    if not commit:
        return "no known version"
    own = ("promises.json", "promises.md")
    changed = [line for line in said("status", "--porcelain", "--untracked-files=no").splitlines() if not line.endswith(own)]
    return f"{commit} with changes" if changed else commit


def run(folder: Path, name: str, *words: str) -> dict[str, Any]:
    """Run some tests and return what they noted; stops when pytest itself could not."""
    noted = folder / f"{name}.json"
    env = {key: value for key, value in os.environ.items() if key != "PASSPORT_NO_SKIP"}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", *words], cwd=ROOT, check=False,
                          env={**env, "PASSPORT_PROMISES": str(noted)})
    if done.returncode not in (0, 1) or not noted.exists():  # none chosen is 5: the marks are gone
        raise SystemExit(f"pytest ended with {done.returncode}: nothing is written.")
    found: dict[str, Any] = json.loads(noted.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Run everything that keeps a promise, write both files, and fail when a promise does."""
    marked = [one for one in kept() if one.promise.startswith("P")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests = sorted({one.test.partition("::")[0] for one in marked})
        runs = [run(folder, "together", "-n", "2", "--dist", "loadscope", "-m", "promise and not alone", *tests)]
        if any("mark.alone" in (ROOT / test).read_text(encoding="utf-8") for test in tests):
            runs.append(run(folder, "alone", "-n0", "-m", "promise and alone", *tests))
        turning = run(folder, "turned", "-n", "2", "-m", "slow", TURNING, "-k", " or ".join(sorted({f"{one.promise}-" for one in marked})))
    ran: dict[str, list[str]] = {}
    for each in runs:
        for test, outcomes in each["ran"].items():
            ran.setdefault(test, []).extend(outcomes)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    found: dict[str, Any] = {"run_on": today, "version": version(), "promises": standing(marked, ran, turning["turned"])}
    STANDING.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")
    states = {promise["no"]: promise["state"] for promise in found["promises"]}
    print("\n".join(f"{number}: {state}" for number, state in states.items()))
    return 1 if FAILED in states.values() else 0


if __name__ == "__main__":
    raise SystemExit(main())
