"""Whoever has nothing but the page on verification can check the intake key's signatures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.serving import event, serving

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"


def test_the_script_of_the_page_accepts_a_log_and_names_what_was_altered(tmp_path: Path) -> None:
    """By links, numbers and signatures alone; more entries than a bundle holds."""
    _, script = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    program, log = tmp_path / "entries.py", tmp_path / "log"
    program.write_text(script)
    with serving(tmp_path / "data") as server, server.http() as client:
        batch = [event(number) for number in range(300)]
        sent = client.post(
            "/events", json=batch, headers={"Content-Type": "application/cloudevents-batch+json"}
        )
        assert sent.status_code == 201, sent.text
        server.administer("export", "log", log)
        keys = client.get("/log/keys").json()["keys"]

    def run(*vkeys: str) -> subprocess.CompletedProcess[str]:
        words: list[str | Path] = [sys.executable, program, log, *vkeys]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    (intake,) = (key for key in keys if "/intake+" in key)
    (other,) = (key for key in keys if key != intake)
    told = run(intake)
    size = (log / "checkpoint").read_text().split("\n")[1]
    assert (told.returncode, told.stderr) == (0, "")
    assert f"accepted: {size} entries of " in told.stdout
    assert "position 1 is signed by none of these keys" in run(other).stderr
    first = log / "tile" / "entries" / "000"
    sound = first.read_bytes()
    for old, new, said in (
        (b'"tv":1', b'"tv":2', "position 1 has a signature that does not verify"),
        (b'"pos":9,', b'"pos":8,', "position 9 does not follow the one before"),
        (b'"sn":[1', b'"sn":[2', "position 1 has another number in "),
    ):
        first.write_bytes(sound.replace(old, new, 1))
        assert run(intake).stderr.startswith(f"refused: {said}")
