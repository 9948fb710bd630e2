"""Documents of the demo city: one typed page each, written in code."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pikepdf

A4 = (595, 842)
LEFT, TOP, LINE = 72, 760, 26


def sheet(lines: Sequence[str]) -> bytes:
    """Return a document of one page with these lines on it, the first one as its title; always the same for the same lines."""
    typed = [f"BT /F1 {20 if number == 0 else 13} Tf {LEFT} {TOP - number * LINE} Td <{line.encode('cp1252').hex()}> Tj ET"
             for number, line in enumerate(lines)]
    with pikepdf.new() as made:
        made.add_blank_page(page_size=A4)
        page = made.pages[0]
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding)))
        page.Contents = made.make_stream("\n".join(typed).encode())
        out = io.BytesIO()
        made.save(out, deterministic_id=True)
    return out.getvalue()
