"""Run the measurements of this folder, all or those that are named: python -m benchmarks search."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
KNOWN = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main(names: list[str]) -> int:
    """Run each one as `python -m benchmarks.NAME` would."""
    unknown = sorted(set(names) - set(KNOWN))
    if unknown:
        print(f"No measurement is called {', '.join(unknown)}. There are: {', '.join(KNOWN)}.", file=sys.stderr)
        return 1
    for name in names or KNOWN:
        print(f"--- {name}", flush=True)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
