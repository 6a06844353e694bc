"""Any file or folder: what it is, and the verdict on it.

| it is | what is checked |
|---|---|
| an entry with its proof (`*.pipeledger.json`) | context signature, inclusion, checkpoint, parts |
| a proof file, with the entry beside it | the same, without parts |
| a receipt, or an answer of several | signature, leaf, checkpoint; inclusion by a proof |
| the events of a stream | each as an entry with its proof; that none is left out between them |
| an answer about the past | checkpoint, position, root; its rows only by `verify --recompute` |
| a checkpoint | the log's signature, and what was seen before |
| entries in a file or folder, a tiled log | every entry, every link, the root |
| a folder of such files | each of them; none in a folder within it, which is status 2 |
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.answer import check_stated
from pipeledger.verifier.folder import (
    CHECKPOINT,
    check_folder,
    file_lines,
    is_log_folder,
    is_trailer,
    read_bounded,
)
from pipeledger.verifier.lines import Run, Settings, check_lines
from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.proof import (
    HEADER,
    ProvedEntry,
    check_proof,
    check_proved_entry,
    parse_proof,
)
from pipeledger.verifier.receipt import check_receipts
from pipeledger.verifier.seen import ForkError, Memory, Standing
from pipeledger.verifier.stream import check_stream
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import (
    UncheckedError,
    UnsoundError,
    read_base64,
    read_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeledger.verifier.key import TrustedKey
    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.seen import Consistency
    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint

MAX_FILE = 67_108_864
MAX_ENTRY_FILE = 65_535
NOT_RECOMPUTED = "not recomputed"


def not_recomputed(what: str) -> str:
    """The last line of a verdict that says nothing of these, though the exit status is 0."""
    return f"{what}: {NOT_RECOMPUTED}; they may be altered: pipeledger verify --recompute"


@dataclass
class Verdict:
    """What was found sound.

    Attributes:
        what: the kind of evidence.
        origin: the ledger it is of.
        size: size of the checkpoint it was checked against.
        root: root hash of that checkpoint (32 bytes).
        lines: what was checked and what was not, for people.
        facts: the same for machines.
        keys: the keys that the entries led to; empty where they taught nothing.
        follows: shown to contain what was seen before, so that it may be remembered instead.
        note: the checkpoint, as it was signed.
        rest: what may be altered all the same, said last; empty: nothing that the file holds.
    """

    what: str
    origin: str
    size: int
    root: bytes
    lines: list[str]
    facts: dict[str, Any] = field(default_factory=dict)
    keys: tuple[TrustedKey, ...] = ()
    follows: bool = False
    note: bytes = b""
    rest: str = ""

    def judged(self, standing: Standing) -> Verdict:
        """This verdict, with how it stands to what was seen before."""
        return replace(
            self, lines=[*self.lines, *standing.lines], follows=standing.follows,
            note=standing.note,
        )  # fmt: skip


@dataclass
class Policy:
    """What the person who verifies believes and wants.

    Attributes:
        logs: the trusted logs.
        settings: how much is checked.
        entry: file with an entry's bytes, for a proof file.
        prove: gives the proof of a receipt's entry, where one can be had.
        consistency: gives the path between two sizes of a log, where one can be had.
        older: a whole log may be a copy made earlier, which holds less than was seen.
    """

    logs: Sequence[TrustedLog]
    settings: Settings
    entry: Path | None = None
    prove: Callable[[TrustedLog, int], Proof] | None = None
    consistency: Consistency | None = None
    older: bool = False

    def compare(
        self, checkpoint: Checkpoint, log: TrustedLog, *, whole: bool = False, passed: bool = False
    ) -> Standing:
        """Hold a checkpoint against what is known of its log; see `Memory.compare`."""
        memory = Memory(self.settings.known, self.consistency, self.older, self.settings.witnesses)
        return memory.compare(checkpoint, log, whole=whole, passed=passed)


def check_path(path: Path, policy: Policy) -> list[Verdict]:
    """Check a file or folder.

    Raises:
        UnsoundError: it does not hold.
        UncheckedError: it cannot be checked.
        OSError: it cannot be read.
    """
    if path.is_dir():
        if is_log_folder(path):
            return [_of_run(check_folder(path, policy.logs, policy.settings), policy)]
        return _check_each(path, policy)
    return _check_file(path, policy)


def _check_each(folder: Path, policy: Policy) -> list[Verdict]:
    found = sorted(folder.iterdir())
    verdicts = [verdict for file in found if file.is_file() for verdict in _named(file, policy)]
    # Whoever is told that a folder is sound takes all that lies in it for looked at.
    for below in found:
        if below.is_dir() and any(below.iterdir()):
            raise UncheckedError(
                f"{below.name} is a folder in it, which is not looked into",
                f"pipeledger verify {below}",
            )
    if not verdicts:
        raise UncheckedError(f"{folder.name or folder} is empty")
    return verdicts


def _named(file: Path, policy: Policy) -> list[Verdict]:
    try:
        return _check_file(file, policy)
    except ForkError as error:
        raise ForkError(f"{file.name}: {error.cause}", error.one, error.other) from error
    except UnsoundError as error:
        raise UnsoundError(error.position, f"{file.name}: {error.cause}") from error
    except UncheckedError as error:
        raise UncheckedError(f"{file.name}: {error.reason}", error.next_step) from error


def _check_file(file: Path, policy: Policy) -> list[Verdict]:
    with file.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(HEADER.encode() + b"\n"):
        return [_proof_file(read_bounded(file, MAX_FILE), policy)]
    if head.lstrip().startswith(b"{"):
        if _is_export(file):
            return [_export(file, policy)]
        return _json(read_bounded(file, MAX_FILE), policy)
    if "\n\n\u2014 ".encode() in head or file.name == CHECKPOINT:
        return [_checkpoint(read_bounded(file, MAX_FILE), policy)]
    if head.startswith(b"PK"):
        raise UncheckedError("a zip archive that is cut off or damaged", "get the file anew")
    raise UncheckedError(
        "nothing that this verifier knows: no proof, receipt, checkpoint or export"
    )


def _is_export(file: Path) -> bool:
    """Whether the first line is an entry's line of an export, or the end of an empty one."""
    try:
        line = next(file_lines(file), b"")
        fields = read_object(line, "first line")
    except UnsoundError:
        return False
    return is_trailer(line) or ("entry" in fields and "proof" not in fields)


def _json(raw: bytes, policy: Policy) -> list[Verdict]:
    fields = read_object(raw, "file")
    if "entry" in fields and "proof" in fields:
        return [_of_entry(check_proved_entry(fields, policy.logs), policy)]
    if "receipts" in fields or "ctx" in fields:
        return [_receipt(one, policy) for one in check_receipts(fields, policy.logs, policy.prove)]
    if "stream" in fields and "entries" in fields:
        return [_stream(fields, policy)]
    if "tables" in fields and "proof" in fields:
        return [_answer(fields, policy)]
    raise UncheckedError("a JSON object that is no proved entry, receipt or answer")


def _answer(fields: dict[str, Any], policy: Policy) -> Verdict:
    stated = check_stated(fields["proof"], policy.logs)
    standing = policy.compare(stated.checkpoint, stated.log)
    lines = [f"given at position {stated.at.size}, under a checkpoint that the log signed"]
    if not stated.settled:
        lines.append("not checked: the root at that position, which is before the checkpoint")
    return Verdict(
        "answer",
        stated.log.origin,
        stated.checkpoint.size,
        stated.checkpoint.root,
        lines,
        {"position": stated.at.size, "recomputed": False, "rows": NOT_RECOMPUTED},
        rest=not_recomputed("rows"),
    ).judged(standing)


def _stream(fields: dict[str, Any], policy: Policy) -> Verdict:
    stream = check_stream(fields, policy.logs)
    log, checkpoint = stream.log, stream.checkpoint
    standing = policy.compare(checkpoint, log)
    earlier = [*policy.settings.known, *([log.seen] if log.seen is not None else [])]
    return Verdict(
        "stream",
        log.origin,
        checkpoint.size,
        checkpoint.root,
        stream.lines(earlier if standing.follows else []),
        {
            "stream": stream.name,
            "events": len(stream.positions),
            "complete_up_to": stream.positions[-1] if stream.positions else 0,
        },
    ).judged(standing)


def _receipt(proved: ProvedEntry, policy: Policy) -> Verdict:
    position, checkpoint = proved.entry.position, proved.checkpoint
    log = find_trust(policy.logs, checkpoint.origin)
    if proved.held is not None:
        # The ledger must contain what it signed when it took the event.
        known = (*policy.settings.known, proved.held)
        policy = replace(policy, settings=replace(policy.settings, known=known))
    standing = policy.compare(checkpoint, log)
    return Verdict(
        "receipt",
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        [f"position {position}: {proved.entry.context['type']}, signed and included"],
        {"position": position},
    ).judged(standing)


def _proof_file(raw: bytes, policy: Policy) -> Verdict:
    if policy.entry is None:
        raise UncheckedError(
            "a proof says nothing without the entry it is of", "--entry FILE with the entry's bytes"
        )
    proof = parse_proof(raw)
    log = find_trust(policy.logs, note_origin(proof.note))
    return _of_entry(check_proof(read_bounded(policy.entry, MAX_ENTRY_FILE), proof, log), policy)


def _checkpoint(raw: bytes, policy: Policy) -> Verdict:
    log = find_trust(policy.logs, note_origin(raw))
    checkpoint = open_checkpoint(raw, log.log_keys, log.origin)
    standing = policy.compare(checkpoint, log)
    return Verdict(
        "checkpoint",
        log.origin,
        checkpoint.size,
        checkpoint.root,
        [f"{checkpoint.size} entries under the root {checkpoint.root.hex()}, signed by the log"],
    ).judged(standing)


def _export(file: Path, policy: Policy) -> Verdict:
    last = b""
    for line in file_lines(file):
        last = line
    if not is_trailer(last):
        raise UncheckedError(
            "the file has no last line with count and checkpoint: it may be cut off",
            f"put it as entries.ndjson beside a file named {CHECKPOINT}",
        )
    trailer = read_object(last, "last line")
    proof = parse_proof(read_base64(trailer["proof"], "proof")) if "proof" in trailer else None
    note = (
        proof.note if proof else str(trailer.get("checkpoint", "")).encode("utf-8", "surrogatepass")
    )
    log = find_trust(policy.logs, note_origin(note))
    lines = (line for line in file_lines(file) if not is_trailer(line))
    run = check_lines(lines, log, policy.settings, note=note, proof=proof)
    if trailer.get("count") != run.last - run.first + 1:
        raise UnsoundError(None, "the last line counts other entries than there are")
    return _of_run(run, policy)


def _of_entry(proved: ProvedEntry, policy: Policy) -> Verdict:
    context = proved.entry.context
    log = find_trust(policy.logs, proved.checkpoint.origin)
    standing = policy.compare(proved.checkpoint, log)
    at = proved.entry.seq["at"]
    lines = [
        f"position {proved.entry.position}: {context['type']}, {context['as']}, recorded at {at}",
        f"signed by the ledger, and included in its {proved.checkpoint.size} entries",
    ]
    if proved.absent:
        lines.append(f"not here, redacted or withheld: {', '.join(proved.absent)}")
    return Verdict(
        "entry",
        proved.checkpoint.origin,
        proved.checkpoint.size,
        proved.checkpoint.root,
        lines,
        {
            "position": proved.entry.position,
            "type": context["type"],
            "at": at,
            "absent": list(proved.absent),
        },
    ).judged(standing)


def _of_run(run: Run, policy: Policy) -> Verdict:
    log = find_trust(policy.logs, run.checkpoint.origin)
    whole = run.first == 1 and run.last == run.checkpoint.size
    standing = policy.compare(run.checkpoint, log, whole=whole, passed=whole)
    return verdict_of_run(run).judged(standing)


def verdict_of_run(run: Run) -> Verdict:
    """The verdict on a run of entries."""
    checked = "links, signatures, numbers, tree" if run.signatures else "links and tree only"
    lines = [f"positions {run.first} to {run.last}: every entry checked ({checked})"]
    if not run.signatures:
        lines.append("not checked: signatures of the entries, times, stream numbers, parts")
    elif run.absent.count:
        named = ", ".join(f"{position} {name}" for position, name in run.absent.named)
        more = ", ..." if run.absent.count > len(run.absent.named) else ""
        lines.append(f"{run.absent.count} parts not here, redacted or withheld: {named}{more}")
    lines += [*run.notes, *run.told]
    return Verdict(
        "entries",
        run.checkpoint.origin,
        run.checkpoint.size,
        run.checkpoint.root,
        lines,
        {
            "first": run.first,
            "last": run.last,
            "signatures": run.signatures,
            "absent": run.absent.count,
        },
        keys=run.keys,
    )
