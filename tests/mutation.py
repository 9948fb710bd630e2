"""Runs tests with one rule changed: a process that has everything imported, and forks once for each rule.

It reads lines of JSON, `{"rule": "passport.recognition.rules:refusal_to_keep", "how": "silent", "tests": ["tests/rules"]}`,
and answers each with `{"code": 1, "said": "…"}`. `how` is `silent` (the rule returns None), `opposite` (a bool turned
round, a refusal where there was none and none where there was one) or `absent` (it does nothing and returns None), both
from the moment a test itself begins, so that what it finds was made by the rule as it is; or nothing (the rule as it is).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Imported beforehand is what makes a child quick; what cannot be rewritten then are no tests.
QUIET = ("-x", "-q", "-p", "no:cacheprovider", "-n0", "-m", "", "-W", "ignore::pytest.PytestAssertRewriteWarning")


def silent(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a rule that says nothing."""
    return lambda *_args, **_kwargs: None


def opposite(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a rule that says the opposite."""
    from passport.refusals import Refusal

    def turned(*args: Any, **kwargs: Any) -> Any:
        said = rule(*args, **kwargs)
        if isinstance(said, bool):
            return not said
        return Refusal.NOT_ALLOWED if said is None else None

    return turned


def change(name: str, how: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put the changed rule wherever the program holds it: in its module, in those that took it from there, in a table."""
    module, function = name.split(":")
    rule = getattr(import_module(module), function)
    changed = how(rule)
    if hasattr(rule, "__name__"):
        changed.__name__ = rule.__name__
    for known in [m for key, m in sys.modules.items() if key.partition(".")[0] in {"passport", "tests", "config", "tools"} and m is not None]:
        for held, value in list(vars(known).items()):
            if value is rule:
                setattr(known, held, changed)
            elif isinstance(value, dict) and held.isupper():
                for key in list(value):
                    inside = _within(value[key], rule, changed)
                    if key is rule:
                        value[changed] = inside
                    else:
                        value[key] = inside


def _within(value: Any, rule: Any, changed: Any) -> Any:
    """Return a value of a table with the changed rule in the place of the rule."""
    if value is rule:
        return changed
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_within(one, rule, changed) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        held = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
        new = {name: _within(one, rule, changed) for name, one in held.items()}
        return replace(value, **new) if any(new[name] is not held[name] for name in held if held[name] != new[name]) else value
    return value


class Turning:
    """A pytest plugin that turns a rule round, or takes it away, when a test begins."""

    def __init__(self, rule: str, how: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self.rule = rule
        self.how = how

    def pytest_runtest_call(self) -> None:
        """Turn the rule round; what was built for the test stands."""
        change(self.rule, self.how)


def perform(job: dict[str, Any]) -> dict[str, Any]:
    """Run some tests in a child of this process, and return how they ended and the last that was said."""
    with tempfile.TemporaryFile() as heard:
        child = os.fork()
        if child == 0:
            code = 99
            try:
                os.dup2(heard.fileno(), 1)
                os.dup2(heard.fileno(), 2)
                import pytest

                if job["how"] == "silent":
                    change(job["rule"], silent)
                turned = {"opposite": opposite, "absent": silent}.get(job["how"])
                plugins = [Turning(job["rule"], turned)] if turned else []
                code = int(pytest.main([*QUIET, *job["tests"]], plugins=plugins))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _pid, status = os.waitpid(child, 0)
        heard.seek(0)
        return {"code": os.waitstatus_to_exitcode(status), "said": heard.read().decode(errors="replace")[-2500:]}


class Runner:
    """The process that waits for rules to change; one for a whole run of tests."""

    def __init__(self) -> None:
        self.templates = tempfile.TemporaryDirectory()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_XDIST", "PASSPORT_NO_SKIP"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation"], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**env, "PASSPORT_TEMPLATES": self.templates.name})

    def run(self, *tests: str, rule: str = "", how: str = "") -> tuple[int, str]:
        """Return how these tests end with a rule changed so, and the last that was said."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"rule": rule, "how": how, "tests": tests}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], answer["said"]

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()
        self.templates.cleanup()


def main() -> None:
    """Answer line by line, with everything imported that tests import."""
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401

    import tests.cast
    import tests.world  # noqa: F401
    from passport import create_app  # noqa: F401

    for path in sorted((ROOT / "passport").rglob("rules.py")):
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(perform(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
