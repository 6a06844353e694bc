"""A year's evidence pack: how long it takes to make, and to verify with everything judged again.

`python -m bench.pack`: the year of the tests' organisation (two thousand deliveries to production)
goes into a server event by event, as far as emitters may send it.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from domain.events import TYPES, Door
from tests.projections.controls.organisation import Year
from tests.serving import BIN, serving

_AT_ONCE = 500
_PERSON = re.compile("(?:per|wkl)_([0-9a-f]{32})")


def sendable() -> list[dict[str, Any]]:
    """Events of the year that come through the door of emitters, people by their addresses."""
    found = []
    for one in Year({}).story().told():
        stem = one["type"].removesuffix(".v1")
        if TYPES[stem].door is Door.EMIT:
            said = {name: one[name] for name in one if name not in {"position", "as"}}
            text = _PERSON.sub(lambda match: f"p{int(match[1], 16)}@example.org", json.dumps(said))
            found.append(json.loads(text))
    return found


def timed(*command: str | Path) -> None:
    """Run a command and print its time and the largest memory of any so far."""
    began = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    took = time.perf_counter() - began
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{Path(command[0]).name} {command[1]:8} {took:6.1f} s  {largest} MiB")


def main() -> None:
    """Load, make, verify."""
    events = sendable()
    with tempfile.TemporaryDirectory(prefix="pipeledger-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with serving(folder / "data") as running, running.http() as client:
            media = {"Content-Type": "application/cloudevents-batch+json"}
            for at in range(0, len(events), _AT_ONCE):
                some = events[at : at + _AT_ONCE]
                answer = client.post("/events", content=json.dumps(some), headers=media)
                problems = [one for one in answer.json()["receipts"] if "problem" in one]
                assert not problems, problems[:3]
        print(f"{len(events)} events, all frameworks, all time")
        pack = folder / "pack.zip"
        timed(BIN / "pipeledger-server", "export", "pack", "--data", folder / "data", pack)
        with zipfile.ZipFile(pack) as archive:
            keys = archive.read("key.vkey").decode().split()
        print(f"{pack.stat().st_size / 1e6:.1f} MB")
        timed(BIN / "pipeledger", "verify", pack, "--recompute", *(f"--key={key}" for key in keys))


if __name__ == "__main__":
    main()
