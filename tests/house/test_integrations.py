"""The index of integrations lists what the registry has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from intake.registry import FORMATS, SENDERS
from tests.house import proving

PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "integrations"
ROW: Final = re.compile(
    r"^\|[^|]*\| `([a-z0-9-]+)` \|.*\[[^]]*\]\(([a-z0-9-]+\.md)\) \|$", re.MULTILINE
)


def test_the_index_has_a_row_and_a_page_for_every_format() -> None:
    """Title aside, a row is: `--format`, what it becomes, and the page."""
    rows = dict(ROW.findall((PAGES / "README.md").read_text()))
    assert rows.keys() == {one.name for one in FORMATS}
    assert [page for page in rows.values() if not (PAGES / page).is_file()] == []


def test_every_sender_has_a_page_that_tells_how_to_add_it() -> None:
    """The line to paste stands in one of the pages."""
    text = "\n".join(page.read_text() for page in PAGES.glob("*.md"))
    assert [kind for kind in SENDERS if f"source add {kind}" not in text] == []


def test_what_each_system_proves_is_what_the_code_says() -> None:
    """`make generate` writes it."""
    assert proving.PAGE.read_text() == proving.page()
    empty = [line for line in proving.page().splitlines() if "|  |" in line]
    assert empty == []
