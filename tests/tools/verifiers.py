"""Verifiers of other people for our log, and the log that they judge."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.receipts import proof
from domain.log.cosignature import with_lines
from domain.log.note import parse_note
from exporters.log import export_log
from tests.store.ledger.conftest import draft
from tests.tools.environments import HERE, prepare

if TYPE_CHECKING:
    from domain.log.cosignature import WitnessSigner
    from store.ledger.ledger import Ledger

ROOT: Final = HERE.parents[1]
PAGE: Final = ROOT / "docs" / "verification.md"
MOST: Final = 70_000
SIZES: Final = (1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, MOST)
PROVED: Final = (1, 2, 256, 257, 300, 65_536, 65_537, 69_888, 69_889, MOST)
GO_SOURCES: Final = Path("/usr/share/gocode/src/golang.org/x")
_BATCH: Final = 500


@dataclass(frozen=True)
class Judged:
    """What a verifier said.

    Attributes:
        accepted: whether it did.
        said: what it printed.
    """

    accepted: bool
    said: str


@dataclass(frozen=True)
class Verifiers:
    """The verifiers, ready to run.

    Attributes:
        home: where they run.
        go: the program around Go's packages.
        scales: the interpreter of the environment of tlog-scales.
        sigstore: that of sigstore's.
    """

    home: Path
    go: Path
    scales: Path
    sigstore: Path

    def tiles(self, who: str, folder: Path | str, *keys: str) -> Judged:
        """What `go` or `scales` says of a tiled log."""
        if who == "go":
            return self._run(self.go, "log", folder, *keys)
        return self._run(self.scales, self.home / "check.py", folder, *keys)

    def proofs(self, who: str, folder: Path, key: str) -> Judged:
        """What `go` or `sigstore` says of the proof files of a folder, each with its entry."""
        if who == "sigstore":
            return self._run(self.sigstore, HERE / "sigstore_proofs.py", key, folder)
        judged = [
            self._run(self.go, "proof", file, file.with_suffix(".entry"), key)
            for file in sorted(folder.glob("*.tlog-proof"))
        ]
        said = "".join(one.said for one in judged)
        return Judged(bool(judged) and all(one.accepted for one in judged), said)

    def grown(self, old: Path, new: Path, hashes: Path, *keys: str) -> Judged:
        """Whether Go takes one checkpoint's tree for the beginning of another's."""
        return self._run(self.go, "grown", old, new, hashes, *keys)

    def _run(self, *command: Path | str) -> Judged:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        accepted = done.returncode == 0
        assert accepted == ("accepted" in done.stdout), done.stdout + done.stderr
        return Judged(accepted, done.stdout + done.stderr)


def ready(home: Path) -> Verifiers:
    """Make the verifiers ready.

    Raises:
        AssertionError: one is missing; its name is said.
    """
    blocks = commands()
    (home / "check.py").write_text(blocks["python"][0])
    _build_go(home)
    scales, sigstore = prepare("tlog-scales"), prepare("sigstore")
    return Verifiers(
        home, home / "tlogverify", scales.programs / "python", sigstore.programs / "python"
    )


def commands() -> dict[str, list[str]]:
    """The blocks of the section for auditors, by their language."""
    page = PAGE.read_text()
    _, _, section = page.partition("\n## In ten minutes, with tools not ours\n")
    section, _, _ = section.partition("\n## ")
    found: dict[str, list[str]] = {}
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE):
        found.setdefault(language, []).append(block)
    return found


def go_environment(home: Path) -> dict[str, str]:
    """Variables that Go builds with; nothing is fetched."""
    assert shutil.which("go"), "go is missing: make tools installs golang-go"
    for package in ("mod", "crypto"):
        assert (GO_SOURCES / package).is_dir(), (
            f"golang-golang-x-{package}-dev is missing: make tools"
        )
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GO111MODULE": "off",
        "GOPATH": f"{home / 'go'}:/usr/share/gocode",
    }


def _build_go(home: Path) -> None:
    shutil.copytree(HERE / "tlogverify", home / "go" / "src" / "tlogverify")
    done = subprocess.run(
        ["go", "build", "-o", home / "tlogverify", "tlogverify"],
        cwd=home, env=go_environment(home), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Log:
    """A log of 70,000 entries that the product made.

    Attributes:
        folder: exported run by run while it grew.
        key: its verifier key.
        notes: checkpoints by size.
        grown: consistency proofs by the size they begin at, to the last one.
        proofs: proof files with their entries.
    """

    folder: Path
    key: str
    notes: dict[int, bytes]
    grown: dict[int, list[bytes]]
    proofs: Path


def made(ledger: Ledger, home: Path, verifiers: Verifiers) -> Log:
    """Append, export at each size of interest, and have each export accepted there and then."""
    folder, proofs = home / "log", home / "proofs"
    key = next(one for one in ledger.vkeys if one.startswith(f"{ledger.origin}+"))
    notes = {}
    for size in SIZES:
        while (have := ledger.published.size) < size:
            count = min(_BATCH, size - have)
            ledger.submit([draft(have + number) for number in range(count)]).result(60)
        export_log(ledger, folder)
        notes[size] = (folder / "checkpoint").read_bytes()
        for who in ("go", "scales"):
            judged = verifiers.tiles(who, folder, key)
            assert judged.accepted, f"{who} at {size}: {judged.said}"
    proofs.mkdir()
    for position in PROVED:
        (proofs / f"{position}.tlog-proof").write_bytes(proof(ledger, position))
        (proofs / f"{position}.entry").write_bytes(ledger.reader.entry(position, MOST).raw)
    grown = {size: ledger.reader.consistency(size, MOST) for size in SIZES}
    return Log(folder, key, notes, grown, proofs)


def copied(folder: Path, target: Path) -> Path:
    """A copy whose files may be replaced, not written into."""
    shutil.copytree(folder, target, copy_function=os.link)
    return target


def replace(file: Path, content: bytes) -> None:
    """Put other bytes in a file's place."""
    file.unlink()
    file.write_bytes(content)


def cosigned(note: bytes, witness: WitnessSigner, time: int) -> bytes:
    """A checkpoint with a witness's line."""
    return with_lines(note, [witness.cosign(parse_note(note)[0], time)])
