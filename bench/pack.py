"""A year's evidence pack: how long it takes to make, and to verify with everything judged again.

`python -m bench.pack`: the year of the tests' organisation (two thousand deliveries to production)
goes into a server event by event, as far as emitters may send it.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, Watch, scratch, tell
from domain.events import TYPES, Door
from tests.projections.controls.organisation import Year
from tests.serving import BIN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def timed(*command: str | Path) -> tuple[float, float]:
    """Run a command; seconds, and MiB of the largest child of any so far."""
    watch = Watch()
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return watch.seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def measure() -> Iterator[Figure]:
    """Load, make, verify."""
    events = sendable()
    with scratch() as folder:
        with serving(folder / "data") as running, running.http() as client:
            media = {"Content-Type": "application/cloudevents-batch+json"}
            for at in range(0, len(events), _AT_ONCE):
                some = events[at : at + _AT_ONCE]
                answer = client.post("/events", content=json.dumps(some), headers=media)
                problems = [one for one in answer.json()["receipts"] if "problem" in one]
                assert not problems, problems[:3]
        pack = folder / "pack.zip"
        words = ("export", "pack", "--data", folder / "data", pack)
        seconds, largest = timed(BIN / "pipeledger-server", *words)
        what = f"a year's pack, {len(events):,} events"
        yield Figure(f"{what}: made", seconds, "s", floor=60, least=True)
        yield Figure(f"{what}: made, most memory", largest, "MiB")
        yield Figure(f"{what}: size", pack.stat().st_size / 1e6, "MB")
        with zipfile.ZipFile(pack) as archive:
            keys = [f"--key={key}" for key in archive.read("key.vkey").decode().split()]
        seconds, largest = timed(BIN / "pipeledger", "verify", pack, "--recompute", *keys)
        yield Figure(f"{what}: verified, judged again", seconds, "s", floor=60, least=True)
        yield Figure(f"{what}: verified, most memory", largest, "MiB")


if __name__ == "__main__":
    tell(measure())
