"""What somebody writes is never put together with code: neither with SQL, nor with a page, nor with the cells of a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "passport").rglob("*.py"))
SQL = {"sa.text", "exec_driver_sql", "sa.literal_column"}
# Where SQL is put together, from constants of the program alone.
OURS = {"columns.py:where", "durable.py:_begin", "durable.py:_connected", "durable.py:keep_in_sqlite", "durable.py:lacking",
        "experiences/around.py:row", "triggers.py"}
# Where a page is put together in Python: drawings from numbers and names of ours, and a template of ours.
DRAWN = {"drawings.py", "web.py:part", "demo/routes.py"}


def calls(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Yield each call with the function it stands in."""
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef) else within
        if isinstance(node, ast.Call):
            yield inside, node
        yield from calls(node, inside)


def called(node: ast.Call) -> str:
    """Return the last part of what is called, after the name of SQLAlchemy."""
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in {"sa", "sqlalchemy"}:
        return f"sa.{node.func.attr}"
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def faults(source: str, name: str) -> Iterator[str]:
    """Yield every place in a module where words could become SQL, a page, or a cell that a spreadsheet runs."""
    tree = ast.parse(source)
    for function, node in calls(tree):
        where = {name, f"{name}:{function}"}
        constant = node.args and isinstance(node.args[0], ast.Constant)
        if called(node) in SQL and node.args and not constant and not where & OURS:
            yield f"{name}:{node.lineno}: SQL that is no constant"
        if called(node) == "execute" and node.args and isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)) and not where & OURS:
            yield f"{name}:{node.lineno}: SQL that is put together"
        if called(node) in {"Markup", "render_template_string", "from_string"} and not where & DRAWN:
            yield f"{name}:{node.lineno}: a page that is put together"
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        if "csv" in names:
            yield f"{name}:{node.lineno}: a table for spreadsheets: a cell that begins with = + - @, a tab or a line end needs a ' before it"
        if isinstance(node, ast.Constant) and node.value in {"text/csv", "application/vnd.ms-excel"}:
            yield f"{name}:{node.lineno}: a table for spreadsheets"


def test_no_module_puts_words_into_code() -> None:
    """No SQL, no page and no cell is put together from words; so far nothing writes tables for spreadsheets."""
    assert [fault for path in MODULES for fault in faults(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT / "passport")))] == []


@pytest.mark.parametrize("bad", [
    "sa.text(f'SELECT {x}')", "connection.exec_driver_sql('SELECT ' + x)", "session.execute(f'DELETE {x}')", "sa.text(x)",
    "Markup(words)", "render_template_string(x)", "env.from_string(x)", "import csv", "from csv import writer", "answer('text/csv')",
])
def test_what_would_put_words_into_code_is_found(bad: str) -> None:
    assert list(faults(bad, "sharing/routes.py"))
