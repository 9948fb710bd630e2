"""The store of cases stands apart: no other room reads it, and no page of another room joins it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = {"safety", "demo"}


def test_no_other_room_knows_the_store_of_cases() -> None:
    for path in (ROOT / "passport").rglob("*.py"):
        if path.relative_to(ROOT / "passport").parts[0] in OWN:
            continue
        tree = ast.parse(path.read_text())
        named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not any("safety.models" in name for name in named), path
        if path.name != "triggers.py":
            assert not re.search(r"\b(FROM|JOIN|table\()\W*(report|case_note)\b", path.read_text()), path


def test_no_statement_joins_a_case_with_what_learners_own() -> None:
    """« Échanges » asks the room of cases what waits; besides that, only its own pages speak of them.

    « Qui a regardé » asks whether a case is closed, as a condition that safety gives it, and reads nothing of it.
    """
    asks = "EXISTS (SELECT * FROM report WHERE report.id = reading_line.case_id AND report.decided_at IS NOT NULL)"
    theirs = {"cases.cases", "cases.case", "inquiries.inquiry", "safety.bother", "feedback.exchanges"}
    learners = re.compile(r"\b(experience|claim|endorsement|edition_item|share|passport) ON\b")
    for path in (ROOT / "tests" / "sql").glob("*.txt"):
        for statement in path.read_text().replace(asks, "").split("\n\n"):
            if re.search(r"\b(FROM|JOIN) (report|case_note)\b", statement):
                assert path.stem in theirs, path.stem
                assert not learners.search(statement), path.stem
