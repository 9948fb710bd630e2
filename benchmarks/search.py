"""How long one search among the sentences takes, in milliseconds and as a ratio: python -m benchmarks.search

The ratio is to folding every sentence and search word once: it says how much work a search is on any machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from passport.frameworks.rules import folded, ranks
from passport.frameworks.service import DATA

MOST_MS = 10.0
TYPED = ("cuisine", "aider mon grand pere avec son ordi", "entrainer entrainon entrenement preparrer prezenter patience")


def milliseconds(run: Callable[[], object], times: int = 30) -> float:
    """Return the best time of several runs: what the work costs when nothing else takes the processor."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main() -> int:
    """Print one line for each search; 1 when one takes longer than it may."""
    lines = json.loads(DATA.read_text(encoding="utf-8"))["competencies"]
    known = [(line["fr"], " ".join(folded(word) for word in line["search_fr"])) for line in lines]
    folding = milliseconds(lambda: [folded(text) for pair in known for text in pair])
    slow = 0
    for typed in TYPED:
        took = milliseconds(lambda typed=typed: ranks(typed, known))
        slow += took > MOST_MS
        print(f"{len(known)} sentences, {len(typed.split())} words: {took:.1f} ms, {took / folding:.1f} times folding them all")
    return int(slow > 0)


if __name__ == "__main__":
    raise SystemExit(main())
