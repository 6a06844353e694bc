"""Which keys are valid where, as the entries of their replacement tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import DamageError
from domain.log.by import By
from domain.log.context import Context, EventRef
from domain.log.entry import Entry, Seq, Signature, encode_entry, parse_entry, sign_context
from domain.log.key import SigningKey
from domain.log.succession import ROTATED, Succession, Term, begin_tags, end_tags
from domain.log.wire import write_base64

ORIGIN = "ledger.example/a"
LOG, NEW_LOG, THIRD_LOG = (SigningKey(ORIGIN, bytes([seed]) * 32) for seed in (1, 2, 3))
INTAKE, NEW_INTAKE = (SigningKey(f"{ORIGIN}/intake", bytes([seed]) * 32) for seed in (4, 5))
STRANGER = SigningKey("ledger.example/b", bytes([6]) * 32)
ROOT = bytes(range(32))
FIRST = Succession.begin(ORIGIN, [LOG.verifier, INTAKE.verifier])


def entry(position: int, tags: tuple[str, ...], *keys: SigningKey, kind: str = ROTATED) -> Entry:
    """An entry with these tags, signed by these keys."""
    by = By("wkl_" + "0" * 32, "crd_" + "0" * 32, "server")
    event = EventRef(2, bytes(32))
    line = Context(ORIGIN, kind, 1, "decided", by, ("ledger",), tags, event).encode()
    seq = Seq(bytes(32), position, "2026-01-01T00:00:00.000000Z", (1,), sign_context(line, keys))
    return parse_entry(encode_entry(seq, line))


def after(succession: Succession, one: Entry, root: bytes | None = ROOT) -> Succession:
    """The succession behind an entry, where the root up to each position is known or not."""
    return succession.after(one, lambda size: root if size == one.seq.position else bytes(32))


def begun(old: SigningKey, new: SigningKey, at: int = 5, root: bytes | None = ROOT) -> Succession:
    """The second key has come beside the first ones."""
    return after(FIRST, entry(at, begin_tags(new.verifier), old, new), root)


def test_an_intake_key_is_replaced_in_two_steps() -> None:
    """From the first on both hold, up to the one before the second."""
    both = begun(INTAKE, NEW_INTAKE)
    assert both.in_force(INTAKE.name) == (INTAKE.verifier, NEW_INTAKE.verifier)
    ended = end_tags(INTAKE, ORIGIN, 5, ROOT)
    assert ended == (f"key.ended:{INTAKE.id}",)
    done = after(both, entry(9, ended, NEW_INTAKE))
    assert done.terms == (
        Term(LOG.verifier), Term(INTAKE.verifier, 1, 8), Term(NEW_INTAKE.verifier, 5, None),
    )  # fmt: skip
    assert done.in_force(INTAKE.name) == (NEW_INTAKE.verifier,)
    assert done.intake == done.terms[1:]
    assert done.log == done.terms[:1]
    assert done.vkeys == (LOG.verifier.vkey(), INTAKE.verifier.vkey(), NEW_INTAKE.verifier.vkey())


def test_a_log_key_ends_with_its_word_for_its_successor() -> None:
    """It signs the checkpoint that ends with the entry in which the new one came."""
    both = begun(LOG, NEW_LOG)
    assert both.terms[-1].root == ROOT
    done = after(both, entry(9, end_tags(LOG, ORIGIN, 5, ROOT), NEW_LOG))
    assert [(term.first, term.last) for term in done.log] == [(1, 8), (5, None)]
    third = after(done, entry(12, begin_tags(THIRD_LOG.verifier), NEW_LOG, THIRD_LOG))
    assert third.in_force(ORIGIN) == (NEW_LOG.verifier, THIRD_LOG.verifier)
    last = after(third, entry(15, end_tags(NEW_LOG, ORIGIN, 12, ROOT), THIRD_LOG))
    assert last.in_force(ORIGIN) == (THIRD_LOG.verifier,)


@pytest.mark.parametrize("root", [ROOT, None], ids=["a known root", "an unknown one"])
def test_a_log_key_that_does_not_cover_its_end_is_damage_where_the_root_is_known(
    root: bytes | None,
) -> None:
    """Of another root, of another size, or not at all; without the root nobody can tell."""
    both = begun(LOG, NEW_LOG, root=root)
    ended = f"key.ended:{LOG.id}"
    for tags in (
        end_tags(LOG, ORIGIN, 5, bytes(32)), end_tags(LOG, ORIGIN, 6, ROOT), (ended,),
        ("key.covered:" + write_base64(bytes(64)), ended),
    ):  # fmt: skip
        step = entry(9, tags, NEW_LOG)
        if root is None:
            assert after(both, step).in_force(ORIGIN) == (NEW_LOG.verifier,)
            continue
        with pytest.raises(DamageError, match="does not cover its end") as caught:
            after(both, step)
        assert caught.value.position == 9


def test_other_entries_change_no_key() -> None:
    """Whatever their tags say, and the replacement of an emitter's key."""
    tags = begin_tags(NEW_LOG.verifier)
    assert after(FIRST, entry(5, tags, LOG, NEW_LOG, kind="pipeledger.commit.pushed")) is FIRST
    assert after(FIRST, entry(5, ("emitter:ci",), INTAKE)) is FIRST


BOTH = begun(INTAKE, NEW_INTAKE)
DONE = after(BOTH, entry(9, end_tags(INTAKE, ORIGIN, 5, ROOT), NEW_INTAKE))
LATER = SigningKey(f"{ORIGIN}/intake", bytes([7]) * 32)


@pytest.mark.parametrize(
    ("succession", "step", "cause"),
    [
        (FIRST, entry(5, ("key.next:no-key",), INTAKE), r"expected name\+hash\+key"),
        (FIRST, entry(5, begin_tags(INTAKE.verifier), INTAKE), "is or was one of this ledger"),
        (DONE, entry(12, begin_tags(INTAKE.verifier), NEW_INTAKE, INTAKE), "is or was one"),
        (FIRST, entry(5, begin_tags(STRANGER.verifier), INTAKE, STRANGER), "no key of this name"),
        (BOTH, entry(6, begin_tags(LATER.verifier), INTAKE, NEW_INTAKE, LATER), "one is under way"),
        (FIRST, entry(5, begin_tags(LATER.verifier), LATER), f"not signed by {INTAKE.name}"),
        (FIRST, entry(5, begin_tags(LATER.verifier), INTAKE), f"not signed by {INTAKE.name}"),
        (BOTH, entry(9, (f"key.ended:{STRANGER.id}",), NEW_INTAKE), "not being replaced"),
        (FIRST, entry(9, (f"key.ended:{INTAKE.id}",), INTAKE), "not being replaced"),
        (BOTH, entry(9, (f"key.ended:{LOG.id}",), LOG), "not being replaced"),
        (DONE, entry(12, (f"key.ended:{INTAKE.id}",), NEW_INTAKE), "not being replaced"),
        (BOTH, entry(9, (f"key.ended:{NEW_INTAKE.id}",), NEW_INTAKE), "ends the new key"),
        (BOTH, entry(9, (f"key.ended:{INTAKE.id}",), INTAKE), f"not signed by {NEW_INTAKE.id}"
         .replace("+", r"\+")),
    ],
    ids=[
        "no key", "the key itself", "a key that was", "a key of another name", "a third at once",
        "without the old one", "without the new one", "the end of a stranger",
        "the end without a successor", "the end of the other purpose", "the end of what ended",
        "the end of the new one", "an end by the old one",
    ],
)  # fmt: skip
def test_a_step_that_breaks_a_rule_is_damage_at_its_entry(
    succession: Succession, step: Entry, cause: str
) -> None:
    """It is said once where, and by which key."""
    with pytest.raises(DamageError, match=cause) as caught:
        after(succession, step)
    assert caught.value.position == step.seq.position
    assert not caught.value.cause.startswith("position")


def test_an_ended_key_is_not_ended_again_while_the_next_is_replaced() -> None:
    """Two keys are in force, and it is none of them."""
    both = after(DONE, entry(12, begin_tags(LATER.verifier), NEW_INTAKE, LATER))
    with pytest.raises(DamageError, match="not being replaced"):
        after(both, entry(14, (f"key.ended:{INTAKE.id}",), LATER))


def test_a_signature_of_another_message_under_the_keys_name_does_not_count() -> None:
    """The name alone is nothing."""
    step = entry(5, begin_tags(NEW_INTAKE.verifier), INTAKE, NEW_INTAKE)
    other = entry(5, ("x:y",), INTAKE, NEW_INTAKE)
    renamed = tuple(Signature(STRANGER.id, one.value) for one in step.seq.signatures)
    for seq in (other.seq, replace(step.seq, signatures=renamed)):
        with pytest.raises(DamageError, match="not signed by"):
            after(FIRST, Entry(seq, step.context, step.context_bytes, step.raw))


def test_a_root_that_cannot_be_read_is_damage_at_the_entry() -> None:
    """The cause is told once, without the place where it was met."""

    def unreadable(size: int) -> bytes:
        raise DamageError(size - 1, "a tile is missing")

    with pytest.raises(DamageError) as caught:
        FIRST.after(entry(5, begin_tags(NEW_LOG.verifier), LOG, NEW_LOG), unreadable)
    assert (caught.value.position, caught.value.cause) == (5, "a tile is missing")


def test_the_first_keys_hold_from_the_first_entry_on() -> None:
    """Without an end."""
    assert Succession.begin(ORIGIN, iter([LOG.verifier])).terms == (Term(LOG.verifier, 1, None),)


def test_known_keys_may_sign_within_their_range_alone() -> None:
    """Its first and its last position are in it; of unknown keys nothing is said."""
    for at in (1, 8):
        DONE.check_signers([INTAKE.id, STRANGER.id], at)
    DONE.check_signers([NEW_INTAKE.id], 5)
    with pytest.raises(DamageError, match=r"outside its range \(1 to 8\)") as caught:
        DONE.check_signers([INTAKE.id], 9)
    assert caught.value.position == 9
    with pytest.raises(DamageError, match=r"outside its range \(5 to now\)"):
        DONE.check_signers(iter([NEW_INTAKE.id]), 4)
