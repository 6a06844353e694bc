"""The pictures of the documents are of what the product says."""

from __future__ import annotations

import re
from html import unescape

from tests.tools.pictures import terminal

SAID = "$ make demo\n1. A server <is> up\n\n   [ok] commit & [gap]\npipeledger: NOT SOUND: no\n"


def test_a_picture_shows_what_a_command_printed_and_nothing_else() -> None:
    """Line by line; what stands out is coloured and never read as the page's own."""
    page = terminal(SAID)
    body = page.partition("<pre>")[2]
    lines = re.findall("<p>(.*?)</p>", body)
    assert "".join(f"{unescape(re.sub('<[^>]*>', '', line))}\n" for line in lines) == SAID
    coloured = re.findall('<span class="([a-z]+)">(.*?)</span>', body)
    assert coloured == [
        ("good", "$ make demo"), ("step", "1. A server &lt;is&gt; up"), ("good", "ok"),
        ("fair", "gap"), ("bad", "NOT SOUND"),
    ]  # fmt: skip
