"""The format as it was settled: every byte of the known ledger comes out again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from domain.log.context import Context, line_of
from domain.log.entry import (
    Seq,
    encode_entry,
    genesis_prev,
    leaf_hash,
    link_of,
    parse_entry,
    sign_context,
    verify_context,
)
from domain.log.key import SigningKey, parse_vkey
from domain.log.part import CLAIMS_PART, Part, Standing, standing
from domain.log.proof import TlogProof
from domain.log.tree import CompactTree, inclusion_proof
from tests.domain.log import known_answers as known
from tests.domain.log.leaves import Leaves

every_entry = pytest.mark.parametrize(
    "entry", known.ENTRIES, ids=[entry.draft.type for entry in known.ENTRIES]
)


@pytest.mark.parametrize(
    ("key", "vkey"),
    [
        (known.INTAKE, known.INTAKE_VKEY),
        (known.SECOND_INTAKE, known.SECOND_INTAKE_VKEY),
        (known.LOG, known.LOG_VKEY),
    ],
)
def test_keys_have_the_known_lines(key: SigningKey, vkey: str) -> None:
    """A seed and a name give the known vkey, and the vkey gives the key again."""
    assert key.verifier.vkey() == vkey
    assert parse_vkey(vkey) == key.verifier


def test_the_first_entry_hangs_on_the_origin() -> None:
    """Position 1 has the hash of the ledger's origin as its `prev`."""
    assert genesis_prev(known.ORIGIN).hex() == known.GENESIS_PREV
    assert link_of(known.ENTRIES[0].raw).hex() == known.GENESIS_PREV


@every_entry
def test_a_draft_becomes_the_known_context(entry: known.KnownEntry) -> None:
    """The context line is made byte for byte, with its commitments."""
    assert line_of(entry.draft, known.ORIGIN) == entry.ctx.encode()


@every_entry
def test_a_context_gets_the_known_signatures(entry: known.KnownEntry) -> None:
    """The intake keys sign the context as DSSE, and the signatures are the known ones."""
    parsed = parse_entry(entry.raw)
    assert sign_context(entry.ctx.encode(), entry.keys) == parsed.seq.signatures
    for key in entry.keys:
        verify_context(parsed.context_bytes, parsed.seq.signatures, {key.id: key.verifier})


@every_entry
def test_an_entry_is_made_byte_for_byte(entry: known.KnownEntry) -> None:
    """Sequencing a draft gives the known entry and its known leaf hash."""
    position = known.ENTRIES.index(entry) + 1
    before = known.ENTRIES[position - 2].leaf if position > 1 else known.GENESIS_PREV
    line = line_of(entry.draft, known.ORIGIN)
    seq = Seq(
        prev=bytes.fromhex(before),
        position=position,
        at=entry.at,
        stream_numbers=entry.stream_numbers,
        signatures=sign_context(line, entry.keys),
    )
    assert seq.encode() == entry.seq.encode()
    assert encode_entry(seq, line) == entry.raw
    assert leaf_hash(entry.raw).hex() == entry.leaf


@every_entry
def test_an_entry_is_read_again(entry: known.KnownEntry) -> None:
    """Parsing gives the values that encode to the same bytes."""
    parsed = parse_entry(entry.raw)
    assert parsed.context == Context.parse(entry.ctx.encode())
    assert parsed.context.encode() == line_of(entry.draft, known.ORIGIN)
    assert parsed.seq == Seq.parse(entry.seq.encode())
    assert encode_entry(parsed.seq, parsed.context.encode()) == entry.raw
    assert parsed.leaf.hex() == entry.leaf


@every_entry
def test_parts_agree_with_the_commitments(entry: known.KnownEntry) -> None:
    """Event, named parts and claims stand as the entry says."""
    context = parse_entry(entry.raw).context
    draft = entry.draft
    found = [(draft.event, context.event.length, context.event.commitment)]
    for sealed, reference in zip(draft.parts, context.parts, strict=True):
        assert isinstance(sealed.part, Part)
        found.append((sealed.part, reference.length, reference.commitment))
    if draft.claims is not None:
        assert draft.claims.part.name == CLAIMS_PART
        assert context.by.claims == draft.claims.part.commitment
    for part, length, committed in found:
        kept = standing(part.name, length, committed, salt=part.salt, body=part.body)
        assert kept is Standing.STANDS


def test_each_entry_links_to_the_one_before() -> None:
    """`prev` is the leaf hash of the entry before."""
    for before, after in pairwise(known.ENTRIES):
        assert link_of(after.raw) == leaf_hash(before.raw)


def test_the_tree_has_the_known_root() -> None:
    """The four leaf hashes give the known root and checkpoint."""
    tree = CompactTree()
    tree.extend(leaf_hash(entry.raw) for entry in known.ENTRIES)
    assert tree.root().hex() == known.ROOT
    checkpoint = Checkpoint(known.ORIGIN, tree.size, tree.root())
    assert sign_checkpoint(checkpoint, [known.LOG]) == known.CHECKPOINT.encode()
    opened = open_checkpoint(known.CHECKPOINT.encode(), [known.LOG.verifier], known.ORIGIN)
    assert opened == checkpoint


def test_the_proof_file_is_the_known_one() -> None:
    """A proof file is made byte for byte, read again, and verifies."""
    leaves = Leaves(leaf_hash(entry.raw) for entry in known.ENTRIES)
    path = inclusion_proof(1, 4, leaves)
    proof = TlogProof(1, tuple(path), known.CHECKPOINT.encode())
    assert proof.encode() == known.PROOF_OF_POSITION_2.encode()
    assert TlogProof.parse(known.PROOF_OF_POSITION_2.encode()) == proof
    checkpoint = proof.verify(leaf_hash(known.ENTRIES[1].raw), [known.LOG.verifier], known.ORIGIN)
    assert checkpoint.size == 4
