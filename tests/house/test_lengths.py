"""Files are short enough to be read in one go, or say why not."""

from __future__ import annotations

import ast
import re

from tests.house.test_documents import ROOT, tracked

_LINES = 400


def test_a_long_file_says_in_its_first_lines_why_it_is_long() -> None:
    """Whoever makes one longer thinks of it."""
    long = {
        str(file.relative_to(ROOT)): ast.get_docstring(ast.parse(text)) or ""
        for file in tracked("*.py")
        if (text := file.read_text("utf-8")).count("\n") > _LINES
    }
    assert "store/postgres/server.py" in long
    assert [name for name, told in long.items() if not re.search(r"(?i)\blong\b", told)] == []
