"""What is published of our promises says nothing that was not run; `make promises` writes it anew."""

from __future__ import annotations

import json
from typing import Any

from tools.promises import PAGE, STANDING, Kept, kept, page, registry, standing, state_of

MARKED = [one for one in kept() if one.promise.startswith("P")]
FOUND: dict[str, Any] = json.loads(STANDING.read_text(encoding="utf-8"))


def test_every_promise_has_a_test_or_a_reason_why_not() -> None:
    promises = registry()
    assert [one["no"] for one in promises] == [f"P{number}" for number in range(1, 26)]
    tested = {one.promise for one in MARKED}
    assert tested <= {one["no"] for one in promises}
    for one in promises:
        assert one["no"] in tested or "untested" in one, one["no"]
        assert {*one} <= {"no", "title", "fr", "en", "untested", "but"}
        said = [one["title"], {"fr": one["fr"], "en": one["en"]}, *(one[key] for key in ("untested", "but") if key in one)]
        assert all(words["fr"] and words["en"] for words in said), one["no"]


def test_what_is_published_names_the_tests_there_are() -> None:
    """A test that came, went or changed its rule since then was not run as it is: `make promises`."""
    published = [(test["test"], one["no"], test["rule"], test["how"]) for one in FOUND["promises"] for test in one["tests"]]
    order = [one["no"] for one in FOUND["promises"]]
    now = sorted(((one.test, one.promise, one.rule, one.how) for one in MARKED), key=lambda one: order.index(one[1]))
    assert published == now
    assert [one["state"] for one in FOUND["promises"]] == [state_of(one["tests"]) for one in FOUND["promises"]]
    assert PAGE.read_text(encoding="utf-8") == page(FOUND)


def test_only_what_ran_and_passed_and_was_seen_to_fail_is_said_to_pass() -> None:
    one, other = (Kept(f"tests/test_a.py::test_{name}", "P1", f"passport.a:{name}", "opposite", "Kept.") for name in "xy")
    trials = {f"{each.test} P1 {each.rule}": ["passed"] for each in (one, other)}
    both = {one.test: ["passed", "passed"], other.test: ["passed"]}

    def stands(ran: dict[str, list[str]], turned: dict[str, list[str]]) -> str:
        return str(standing([one, other], ran, turned)[0]["state"])

    assert stands(both, trials) == "pass"
    assert stands({}, {}) == stands({one.test: ["passed"]}, trials) == stands({**both, other.test: ["skipped"]}, trials) == "untested"
    assert stands({**both, one.test: ["passed", "skipped"]}, trials) == "untested"
    assert stands(both, dict(list(trials.items())[:1])) == "untested"
    assert stands({**both, one.test: ["passed", "failed"]}, trials) == stands({**both, other.test: ["failed"]}, {}) == "fail"
    assert stands(both, {name: ["failed"] for name in trials}) == "fail"
    assert standing([], both, trials)[0]["state"] == "untested"
