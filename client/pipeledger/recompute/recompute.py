"""The verdict on an answer and on an exported folder, everything made again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeledger.looking import at
from pipeledger.recompute.comparison import compare, plain
from pipeledger.recompute.controls import Recorded, controls_lines, not_asked
from pipeledger.recompute.definitions import VOIDS
from pipeledger.recompute.evidence_pack import check_sheets, check_signature
from pipeledger.recompute.pack import Pack
from pipeledger.recompute.question import PARAMETERS, parameters_of, selections_of
from pipeledger.recompute.reading import Redactions, verified_rows
from pipeledger.recompute.rows import COLUMNS, records
from pipeledger.recompute.sampling import ITEMS, Sample
from pipeledger.recompute.sandbox import Sandbox
from pipeledger.remote import progress_of
from pipeledger.verifier.answer import check_stated
from pipeledger.verifier.evidence import NOT_RECOMPUTED, Policy, Verdict, not_recomputed
from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError, read_object

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pipeledger.recompute.definitions import Definition, Definitions
    from pipeledger.recompute.question import Selection
    from pipeledger.recompute.reading import Source
    from pipeledger.verifier.seen import Standing
    from pipeledger.verifier.trust import TrustedLog


@dataclass(frozen=True)
class Opened:
    """A source whose checkpoint the log signed.

    Attributes:
        log: whose entries they are.
        checkpoint: over the entries.
        source: gives them.
        standing: how the checkpoint stands to what was seen before.
    """

    log: TrustedLog
    checkpoint: Checkpoint
    source: Source
    standing: Standing


def recompute_answer(
    raw: bytes, source: Source, policy: Policy, *, foreign_steps: bool = False
) -> Verdict:
    """Make an answer again from verified entries.

    Args:
        raw: the answer's bytes.
        source: gives entries and definitions.
        policy: which keys are believed, how much is checked.
        foreign_steps: run the Python text of steps that we have no implementation of.

    Raises:
        UnsoundError: something differs; names the position, or table, row and column.
        UncheckedError: it cannot be made again.
    """
    answer = read_object(raw, "answer")
    proof = answer.get("proof")
    stated = check_stated(proof, policy.logs)
    opened = _opened(source, policy, whole=False)
    if opened.log.origin != stated.log.origin:
        raise UncheckedError(f"the entries are of {opened.log.origin}, not of {stated.log.origin}")
    size = opened.checkpoint.size
    if size < stated.at.size:
        raise UncheckedError(
            f"the entries end at position {size}, the answer was given at {stated.at.size}",
            "export the ledger anew",
        )
    told = at(proof, "parameters")
    parameters = parameters_of(told)
    if parameters["known_at"].to_pylist() != [stated.at.size]:
        raise UnsoundError(None, "answer: its parameter known_at is not its position")
    selections = selections_of(answer.get("selections"))
    definitions = source.definitions()
    names = [one.table for one in selections]
    digest = definitions.digest(names)
    stated_digest = str(at(proof, "definitions", "digest"))
    if digest != stated_digest:
        raise UncheckedError(
            f"the answer was made with the definitions {stated_digest[:100]}, here are {digest}",
            "use an export of the server's version at that time",
        )
    # The answer's own checkpoint binds the log too, where the entries reach so far.
    known = [stated.checkpoint] if stated.at.size < stated.checkpoint.size <= size else []
    settings = replace(
        policy.settings, known=(*policy.settings.known, *known), progress=progress_of(size)
    )
    redactions = Redactions()
    asked = _asked(told, definitions.known)
    wanted = _wanted(definitions, told, names)
    sample = _sample(answer, {one.name for one in wanted})
    recorded = Recorded()
    with Sandbox(wanted, stated.at.size, parameters, foreign_steps=foreign_steps) as sandbox:
        rows = verified_rows(
            source, opened.log, opened.checkpoint, settings, redactions, stated.at,
            documents=sandbox.wants_documents,
        )  # fmt: skip
        for batch in rows:
            sandbox.add(batch)
            recorded.look(batch.events)
            if sample is not None:
                sample.look(batch.events)
        sandbox.finish()
        made = {one.table: sandbox.rows(*one.statement) for one in selections}
        judged = [] if sample is None else sandbox.rows(*sample.statement)
    lost = redactions.after(stated.at.size)
    try:
        _compare(answer.get("tables"), selections, made)
        drawn = [] if sample is None else sample.check(judged)
    except UnsoundError as error:
        if lost:
            raise UncheckedError(
                f"{error}; but {lost} parts before its position were redacted since"
            ) from error
        raise
    return Verdict(
        "recomputed answer",
        opened.log.origin,
        size,
        opened.checkpoint.root,
        [
            f"given at position {stated.at.size}; every entry up to {size} checked",
            f"definitions {digest}",
            *asked,
            *([recorded.line(controls)] if (controls := at(told, "controls")) else []),
            *(_line(one, len(made[one.table])) for one in selections),
            *drawn,
            *(
                ["not made again: the order that `trace` puts these rows in"]
                if "trace" in answer
                else []
            ),
        ],
        {
            "position": stated.at.size,
            "recomputed": True,
            "definitions": digest,
            "rows": {one.table: len(made[one.table]) for one in selections},
            "redacted": redactions.events,
        },
    ).judged(opened.standing)


def check_pack(
    folder: Path, policy: Policy, *, tables: bool, foreign_steps: bool, name: str = ""
) -> Verdict:
    """Check an exported folder: files, every entry, the columns made of them, the tables.

    Args:
        folder: as `export parquet` wrote it.
        policy: which keys are believed, how much is checked.
        tables: make the tables again, too.
        foreign_steps: run the Python text of steps that we have no implementation of.
        name: what people call it, where that is not the folder.

    Raises:
        UnsoundError: something differs; names the position, file, or table, row and column.
        UncheckedError: it cannot be checked.
    """
    pack = Pack(folder, whole=True, name=name)
    # An evidence pack is of a time; an export is all there is.
    opened = _opened(pack, policy, whole=not pack.is_evidence, origin=pack.manifest.get("origin"))
    if pack.is_evidence:
        check_signature(folder, opened.log, opened.checkpoint.size)
    files = pack.check_files()
    definitions = pack.definitions()
    names = sorted(pack.tables()) if tables else []
    for table, digest in pack.digests().items():
        if definitions.digest([table]) != digest:
            raise UnsoundError(None, f"table {table}: made with other definitions than are here")
    redactions = Redactions()
    size = opened.checkpoint.size
    told = pack.manifest.get("parameters")
    parameters = parameters_of(told)
    known_at = _known_at(parameters, size)
    asked = _asked(told, definitions.known)
    wanted = _wanted(definitions, told, names)
    lines = [f"{files} files as exported; every entry up to {size} checked, and its columns"]
    if pack.is_evidence:
        lines += ["signed by the ledger", *check_sheets(pack)]
    recorded = Recorded()
    with Sandbox(wanted, known_at, parameters, foreign_steps=foreign_steps) as sandbox:
        for rows in verified_rows(
            pack, opened.log, opened.checkpoint, policy.settings, redactions, documents=True
        ):
            _check_columns(rows.events, pack.stored)
            recorded.look(rows.events)
            sandbox.add(rows)
        if controls := at(told, "controls"):
            lines.append(recorded.line(controls))
        if tables:
            lines.append(f"definitions {definitions.digest(names)}")
            lines += asked
            sandbox.finish()
            for table in names:
                count = _check_table(sandbox, table, pack.table(table))
                lines.append(f"table {table}: {count} rows, made again and equal")
    if redactions.gone:
        documents = len(redactions.gone) - redactions.events
        more = f", and {documents} documents" if documents else ""
        lines.append(f"{redactions.events} events are not here, redacted{more}")
    return Verdict(
        "evidence pack" if pack.is_evidence else "export",
        opened.log.origin, size, opened.checkpoint.root, lines,
        {"files": files, "recomputed": tables, "redacted": redactions.events}
        | ({} if tables else {"tables": NOT_RECOMPUTED}),
        rest="" if tables else not_recomputed("tables"),
    ).judged(opened.standing)  # fmt: skip


def _known_at(parameters: pa.Table, size: int) -> int:
    """The position that the tables are of."""
    (told,) = parameters["known_at"].to_pylist()
    if not isinstance(told, int) or not 0 < told <= size:
        raise UnsoundError(None, "manifest: its tables are of a position that it does not hold")
    return told


def _opened(source: Source, policy: Policy, *, whole: bool, origin: object = None) -> Opened:
    note = source.note
    if origin is not None and origin != note_origin(note):
        raise UnsoundError(None, "checkpoint: of another ledger than the manifest names")
    log = find_trust(policy.logs, note_origin(note))
    checkpoint = open_checkpoint(note, log.log_keys, log.origin)
    standing = policy.compare(checkpoint, log, whole=whole, passed=True)
    return Opened(log, checkpoint, source, standing)


def _sample(answer: dict[str, Any], made: Container[str]) -> Sample | None:
    if "sample" not in answer:
        return None
    if ITEMS not in made:
        raise UnsoundError(None, "sample: of an answer that is not about controls")
    return Sample(answer["sample"])


def _compare(
    tables: Any,  # noqa: ANN401 - JSON
    selections: Sequence[Selection],
    made: Mapping[str, list[dict[str, Any]]],
) -> None:
    if not isinstance(tables, dict) or tables.keys() != made.keys():
        raise UnsoundError(None, "answer: it has other tables than it speaks of")
    for one in selections:
        compare(one.table, _rows(tables[one.table]), made[one.table], ordered=bool(one.order))


def _rows(told: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise UnsoundError(None, "answer: a table without rows")
    return told


def _check_columns(made: pa.Table, stored: pa.Table | None) -> None:
    """Compare the columns that stand beside entries with what the entries say."""
    for column in COLUMNS.names:
        if stored is None or not stored[column].equals(made[column]):
            rows, others = records(made), [] if stored is None else records(stored)
            pairs = zip(rows, others, strict=False)
            differing = (one["position"] for one, other in pairs if one[column] != other[column])
            where = next(differing, rows[0]["position"])
            raise UnsoundError(where, f"the column {column} is not what the entry says")


def _check_table(sandbox: Sandbox, name: str, stored: pa.Table) -> int:
    """Compare a table with the one that was made again; gives its number of rows."""
    if sandbox.differs(name, stored):
        said = [{key: plain(one) for key, one in row.items()} for row in records(stored)]
        made = sandbox.rows(f'SELECT * FROM "{name}"')  # noqa: S608 - a known name
        compare(name, said, made, ordered=False)
    return int(stored.num_rows)


def _wanted(definitions: Definitions, told: Any, names: Sequence[str]) -> list[Definition]:  # noqa: ANN401 - likewise
    """What has to be made for some tables."""
    controls = told.get("controls")
    if controls is not None:
        definitions = definitions.left_empty(not_asked(controls, definitions.known))
    return definitions.in_order([VOIDS, *names])


def _asked(told: Any, known: Container[str]) -> list[str]:  # noqa: ANN401 - JSON, whose names are known by now
    """What the answer was asked, where that differs from everything.

    Args:
        told: its parameters.
        known: names of the definitions that are there.
    """
    named = [
        f"{name} {told[name]}"
        for name, (_, left_open) in PARAMETERS.items()
        if name in told and name not in {"known_at", "controls"} and told[name] != left_open
    ]
    lines = [f"asked for: {', '.join(named)}"] if named else []
    controls = told.get("controls")
    return lines if controls is None else lines + controls_lines(controls, known)


def _line(one: Selection, count: int) -> str:
    where = [f"{column} = {value}" for column, value in one.equals.items()]
    where += [f"{value} in {column}" for column, value in one.contains.items()]
    where += [f"{one.during} in the window"] if one.during else []
    where += ["those that held at the instant"] if one.holding else []
    where += [f"from row {one.offset + 1} on"] if one.offset else []
    where += [f"at most {one.limit}"] if one.limit is not None else []
    return f"table {one.table}: {count} rows equal{', ' if where else ''}{', '.join(where)}"
