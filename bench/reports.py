"""Large report files from `pipeledger record` into the ledger: seconds, and memory at its peak.

`python -m bench.reports`: a SARIF file of 100 MB and a JUnit XML file of 500,000 cases, made by a
seed, go through the real client and a real server one after the other; then each is only read, in
a process of its own. Memory is what a process holds beyond what it held before (VmHWM - VmRSS):
the heap, and pages of the mapped file, which the kernel may take back; of the client all it holds.
BENCH_MB, BENCH_CASES: other sizes.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.figures import Figure, Watch, memory, scratch, tell
from tests.serving import BIN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.serving import Running

MB: Final = 1_000_000
RULES: Final = 300
SUITE: Final = 1000
PEAK: Final = "VmHWM"
_SEED: Final = 7
_LOOK_S: Final = 0.02
_READ: Final = "import sys; from bench.reports import read_alone; read_alone(sys.argv[1])"


def write_sarif(file: Path, size: int) -> int:
    """Write a SARIF file of about `size` bytes, as a static analysis tool writes it; its results.

    A kilobyte a result: message, place with snippet, fingerprint, a flow of two steps.
    """
    chance = random.Random(_SEED)  # noqa: S311 - a bench, no secret
    rules = [_rule(number) for number in range(RULES)]
    driver = msgspec.json.encode({"name": "Looker", "version": "4.2.0", "rules": rules})
    written = 0
    with file.open("wb") as out:
        out.write(b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0"')
        out.write(b',"runs":[{"tool":{"driver":' + driver + b'},"results":[\n')
        while out.tell() < size:
            out.write(b",\n" if written else b"")
            out.write(msgspec.json.encode(_result(written, chance)))
            written += 1
        out.write(b"]}]}\n")
    return written


def _rule(number: int) -> dict[str, Any]:
    return {
        "id": f"lang/security/rule-{number}",
        "shortDescription": {"text": f"Rule {number}"},
        "help": {"text": "What to do about it. " * 20},
        "defaultConfiguration": {"level": ("error", "warning", "note")[number % 3]},
        "properties": {"tags": ["security"], "security-severity": f"{number % 100 / 10}"},
    }


def _result(number: int, chance: random.Random) -> dict[str, Any]:
    rule = chance.randrange(RULES)
    path = f"src/main/module{chance.randrange(400)}/Class{chance.randrange(9000)}.java"
    places = [_place(path, chance.randrange(1, 4000)) for _ in range(3)]
    return {
        "ruleId": f"lang/security/rule-{rule}",
        "ruleIndex": rule,
        "message": {"text": f"Value {number} comes from outside and reaches a query unchecked."},
        "locations": places[:1],
        "partialFingerprints": {"primaryLocationLineHash": f"{chance.getrandbits(64):016x}:1"},
        "codeFlows": [{"threadFlows": [{"locations": [{"location": one} for one in places[1:]]}]}],
        "properties": {"confidence": "high", "issueType": "injection"},
    }


def _place(path: str, line: int) -> dict[str, Any]:
    snippet = {"text": f'    query.append("where id = " + argument{line});\n'}
    region = {"startLine": line, "startColumn": 9, "endColumn": 60, "snippet": snippet}
    artifact = {"uri": path, "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def write_junit(file: Path, cases: int) -> int:
    """Write a JUnit XML file as test runners write it; its cases. One in twenty fails."""
    chance = random.Random(_SEED)  # noqa: S311 - a bench, no secret
    with file.open("wb") as out:
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="all">\n')
        for first in range(0, cases, SUITE):
            many = min(SUITE, cases - first)
            out.write(b'<testsuite name="shop.module%d" tests="%d" ' % (first // SUITE, many))
            out.write(b'timestamp="2026-01-05T10:00:00" time="61.5">\n')
            for number in range(first, first + many):
                out.write(_case(number, chance))
            out.write(b"</testsuite>\n")
        out.write(b"</testsuites>\n")
    return cases


def _case(number: int, chance: random.Random) -> bytes:
    head = (
        f'<testcase classname="shop.module{number // SUITE}.test_orders.TestOrders" '
        f'name="test_total_of_order_{number}[currency-{number % 7}]" time="{chance.random():.3f}"'
    )
    if number % 20:
        return f"{head}/>\n".encode()
    trace = "\n".join(f'  File "orders.py", line {line}, in total' for line in range(8))
    return f'{head}><failure message="assert 1 == 2">{trace}</failure></testcase>\n'.encode()


def forget_peak(process: int | str) -> float:
    """Begin to take the peak of a process's memory anew; MiB that it holds now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return memory(process)


def read_alone(name: str) -> None:
    """Only read a file as the server would; print seconds and the growth of memory in MB."""
    from intake.registry import read_report  # noqa: PLC0415 - measured here
    from intake.scratch import FEW, Scratch  # noqa: PLC0415 - likewise

    kept = Scratch()
    with Path(name).open("rb") as file:
        while piece := file.read(FEW):
            kept.write(piece)
    before = forget_peak("self")
    watch = Watch()
    read_report(kept)
    print(watch.seconds, memory("self", PEAK) - before)


def record(server: Running, home: Path, file: Path) -> tuple[float, float, float]:
    """Record a file by the client: seconds, growth of the server and size of the client in MiB."""
    before = forget_peak(server.printed.pid)
    watch = Watch()
    environment = server.environment(home) | {"PIPELEDGER_STRICT": "1"}
    words = [str(BIN / "pipeledger"), "record", str(file)]
    largest = 0.0
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as client:
        # What the kernel says at its end would count the memory of this process, too.
        while client.poll() is None:
            with contextlib.suppress(OSError, StopIteration):
                largest = memory(client.pid, PEAK)
            time.sleep(_LOOK_S)
    assert client.returncode == 0, f"{file}: not recorded"
    return watch.seconds, memory(server.printed.pid, PEAK) - before, largest


def files(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files, and how many results or cases each has."""
    sarif, junit = folder / "large.sarif", folder / "large.xml"
    yield sarif, write_sarif(sarif, int(os.environ.get("BENCH_MB", "100")) * MB)
    yield junit, write_junit(junit, int(os.environ.get("BENCH_CASES", "500000")))


def measure() -> Iterator[Figure]:
    """Record each, then only read it."""
    with scratch() as folder, serving(folder / "data") as server:
        for file, rows in files(folder):
            seconds, grown, client = record(server, folder, file)
            done = subprocess.run(
                [sys.executable, "-c", _READ, file], capture_output=True, text=True, check=True
            )
            alone, parsed = map(float, done.stdout.split())
            what = f"{file.name}, {file.stat().st_size / MB:.0f} MB, {rows:,} rows"
            yield Figure(f"{what}: recorded", seconds, "s", floor=20, least=True)
            yield Figure(f"{what}: server grows", grown, "MiB", floor=200, least=True)
            yield Figure(f"{what}: client", client, "MiB")
            yield Figure(f"{what}: only read", alone, "s")
            yield Figure(f"{what}: only read, grows", parsed, "MiB")


if __name__ == "__main__":
    tell(measure())
