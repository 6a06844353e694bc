"""Makes the pictures of README.md and docs/console.md anew, of the demo and a real browser.

    .venv/bin/python -m tests.tools.pictures [FOLDER]

The demo runs as `make demo` does, on its own port; FOLDER is `docs/images` unless another is named.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Final

from tests.browser import browsing
from tests.house.running import first_lines
from tests.serving import BIN

_IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
_UP: Final = re.compile("The server stays up")
_LOG_IN: Final = "\nThe console is at "
_CONSOLE: Final = (1280, 1420)
"""Pixels: down to the end of the first chart."""
_TERMINAL_WIDTH: Final = 1420
_LOOKS: Final = (
    (re.compile(r"^\d+\. .*$", re.MULTILINE), "step"),
    (re.compile(r"(?<=\[)ok(?=\])"), "good"),
    (re.compile(r"(?<=\[)gap(?=\])"), "fair"),
    (re.compile("NOT SOUND"), "bad"),
    (re.compile(r"^\$ .*$", re.MULTILINE), "good"),
)
_STYLE: Final = """
body { margin: 0; background: #0d1117; color: #e6edf3; }
pre { margin: 0; padding: 24px; font: 14px/18.5px "DejaVu Sans Mono", monospace; }
p { margin: 0; min-height: 1lh; overflow: hidden; text-overflow: ellipsis; }
.step { color: #79c0ff; font-weight: bold; } .bad { color: #ff7b72; font-weight: bold; }
.good { color: #7ee787; } .fair { color: #ffa657; }
"""


def terminal(said: str) -> str:
    """A page that shows what a command printed as a terminal does; long lines are cut there."""
    text = escape(said, quote=False)
    for pattern, name in _LOOKS:
        text = pattern.sub(rf'<span class="{name}">\g<0></span>', text)
    lines = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return f'<!DOCTYPE html><meta charset="utf-8"><style>{_STYLE}</style><pre>{lines}</pre>'


def main(folder: Path = _IMAGES) -> None:
    """Write both pictures into a folder."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch:
        place = Path(scratch)
        # The demo's database may be of another account, which must be able to pass through.
        place.chmod(0o711)
        demo = [str(BIN / "pipeledger-server"), "demo", "--stay"]
        with (
            first_lines(demo, cwd=place, settings={"TMPDIR": scratch}) as printed,
            browsing(place / "profile") as page,
        ):
            printed.find(_UP)
            said = printed.so_far()
            url, token = re.findall(r"The console is at (\S+)/ .*\n +(\S+)", said)[0]
            file = place / "demo.html"
            file.write_text(
                terminal(f"$ make demo\n{said.partition(_LOG_IN)[0].lstrip()}"), "utf-8"
            )
            page.look(width=_TERMINAL_WIDTH)
            page.open(file.as_uri())
            (folder / "demo.png").write_bytes(page.picture())
            page.look(width=_CONSOLE[0], height=_CONSOLE[1])
            page.open(f"{url}/console/")
            page.write("#token", token)
            page.press_and_wait("Enter")
            (folder / "console.png").write_bytes(page.picture(whole=False))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
