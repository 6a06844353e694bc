"""Keys follow each other by the log's own entries, and by nothing less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.chain import Chain
from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, b64, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.succession import Succession

ROTATED: Final = "pipeledger.key.rotated"
INTAKE: Final = f"{ORIGIN}/intake"
FIRST: Final = Key(INTAKE, b"\1" * 32)
SECOND: Final = Key(INTAKE, b"\3" * 32)
THIRD: Final = Key(INTAKE, b"\4" * 32)
OLD_LOG: Final = Key(ORIGIN, b"\2" * 32)
NEW_LOG: Final = Key(ORIGIN, b"\5" * 32)
SEEDS: Final = {OLD_LOG: b"\2" * 32, NEW_LOG: b"\5" * 32}
BEFORE: Final = 3
"""Entries before the first step, which stands at the next position."""
VKEYS: Final = (OLD_LOG.vkey, FIRST.vkey)


def key_id(key: Key) -> str:
    """The name by which entries call a key."""
    return f"{key.name}+{key.hash.hex()}"


def say(writer: Writer, keys: Sequence[Key], *tags: str, kind: str = ROTATED) -> None:
    """An entry with tags, signed by these."""
    writer.intake = list(keys)
    writer.append(kind, streams=("ledger",), ctx={"tags": sorted(tags)})


def begun(new: Key, *keys: Key) -> Writer:
    """A ledger whose fourth entry names a new key, signed by some keys."""
    writer = ledger_of(BEFORE)
    say(writer, keys, f"key.next:{new.vkey}")
    return writer


def read(
    writer: Writer, vkeys: Sequence[str] = VKEYS, first: int = 1, size: int = 100
) -> Succession:
    """What the entries teach whoever trusts these keys, however many are given at once."""
    chain = Chain(trusted_log(vkeys), first=first)
    entries = [one.raw for one in writer.entries[first - 1 :]]
    parsed = []
    for start in range(0, len(entries), size):
        parsed += chain.extend(entries[start : start + size])
    chain.settle()
    assert [one.position for one in parsed] == list(range(first, first + len(entries)))
    return chain.succession


def ranges(told: Succession) -> dict[str, tuple[int, int | None]]:
    """From where to where each key is valid; each stands there once."""
    assert len({key.key_id for key in told.keys}) == len(told.keys)
    return {key.key_id: (key.first, key.last) for key in told.keys}


def covered(writer: Writer, old: Key = OLD_LOG) -> str:
    """The old log key's signature of the history up to the first step."""
    text = f"{ORIGIN}\n4\n{b64(root(writer.leaves[:4]))}\n"
    return f"key.covered:{b64(old.sign(text.encode()))}"


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("known", [(), (SECOND.vkey,)])
def test_an_intake_key_is_replaced_in_two_steps(known: tuple[str, ...], size: int) -> None:
    """The new one is valid from the first step on, the old one up to before the second."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [FIRST], "service:shop", kind="pipeledger.deployment.finished")
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    say(writer, [SECOND], "service:shop", kind="pipeledger.deployment.finished")
    told = read(writer, [*VKEYS, *known], size=size)
    assert ranges(told) == {
        key_id(OLD_LOG): (1, None), key_id(FIRST): (1, 5), key_id(SECOND): (4, None),
    }  # fmt: skip
    news = [f"key {key_id(SECOND)}: valid from position 4, said by the old"]
    assert told.told == [
        *(news if not known else []), f"key {key_id(FIRST)}: valid up to position 5"
    ]  # fmt: skip


def test_a_key_may_be_replaced_again() -> None:
    """By the last one that came."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    say(writer, [SECOND, THIRD], f"key.next:{THIRD.vkey}")
    say(writer, [THIRD], f"key.ended:{key_id(SECOND)}")
    assert ranges(read(writer)) == {
        key_id(OLD_LOG): (1, None), key_id(FIRST): (1, 4), key_id(SECOND): (4, 6),
        key_id(THIRD): (6, None),
    }  # fmt: skip


def test_a_log_key_signs_the_history_in_which_it_ends() -> None:
    """Up to the first step; the checkpoints' sizes are its range."""
    writer = begun(NEW_LOG, FIRST, OLD_LOG, NEW_LOG)
    say(writer, [FIRST, NEW_LOG], covered(writer), f"key.ended:{key_id(OLD_LOG)}")
    assert ranges(read(writer)) == {
        key_id(OLD_LOG): (1, 4), key_id(FIRST): (1, None), key_id(NEW_LOG): (4, None),
    }  # fmt: skip


@pytest.mark.parametrize("covers", ["nothing", "another history", "by another key"])
def test_a_log_key_that_signed_no_such_history_is_not_ended(covers: str) -> None:
    """Nobody else can say which history it was."""
    writer = begun(NEW_LOG, FIRST, OLD_LOG, NEW_LOG)
    tags = {
        "nothing": [], "another history": [covered(ledger_of(BEFORE + 1))],
        "by another key": [covered(writer, NEW_LOG)],
    }[covers]  # fmt: skip
    say(writer, [FIRST, NEW_LOG], *tags, f"key.ended:{key_id(OLD_LOG)}")
    with pytest.raises(UnsoundError, match="signed no checkpoint of this history") as caught:
        read(writer)
    assert caught.value.position == 5


@pytest.mark.parametrize("size", [1, 2, 100])
def test_without_signatures_those_of_entries_about_keys_are_checked_alone(size: int) -> None:
    """Whoever signed what stands between them: it teaches nothing."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [THIRD], "service:shop", kind="pipeledger.deployment.finished")
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    entries = [one.raw for one in writer.entries]
    chain = Chain(trusted_log(VKEYS), signatures=False)
    for start in range(0, len(entries), size):
        chain.extend(entries[start : start + size])
    assert ranges(chain.succession)[key_id(FIRST)] == (1, 5)


def test_in_a_run_without_its_beginning_the_history_is_not_judged() -> None:
    """There is no root then; the signatures of both keys are needed all the same."""
    writer = begun(NEW_LOG, FIRST, OLD_LOG, NEW_LOG)
    say(writer, [FIRST, NEW_LOG], f"key.ended:{key_id(OLD_LOG)}")
    assert ranges(read(writer, first=2))[key_id(OLD_LOG)] == (1, 4)
    with pytest.raises(UnsoundError, match="not signed by a trusted key of this name"):
        read(begun(NEW_LOG, FIRST, NEW_LOG), first=2)


@pytest.mark.parametrize(
    ("new", "keys", "cause"),
    [
        (SECOND, (FIRST,), f"not signed by {INTAKE}"),
        (NEW_LOG, (FIRST, OLD_LOG), f"not signed by {ORIGIN}"),
        (NEW_LOG, (FIRST, NEW_LOG), "not signed by a trusted key of this name"),
        (Key("elsewhere.example/log", b"\6" * 32), (FIRST,), "not signed by a trusted key"),
        (FIRST, (FIRST,), "not signed by a trusted key of this name"),
        (Key(ORIGIN, b"\1" * 32), (FIRST, OLD_LOG), "one of this log already"),
    ],
)
def test_a_new_key_needs_its_own_signature_and_the_old_one_s(
    new: Key, keys: tuple[Key, ...], cause: str
) -> None:
    """Of the same name; what is no new key is none."""
    with pytest.raises(UnsoundError, match=cause) as caught:
        read(begun(new, *keys))
    assert caught.value.position == BEFORE + 1


@pytest.mark.parametrize("as_key", [OLD_LOG, NEW_LOG])
def test_a_signature_counts_under_its_own_key_s_name_alone(as_key: Key) -> None:
    """Neither one by another key under the name, nor the key's own under another name."""
    for seed, name in ((b"\x08" * 32, as_key.hash), (SEEDS[as_key], b"\0" * 4)):
        false = Key(ORIGIN, seed)
        false.hash = name
        keys = [false if one is as_key else one for one in (OLD_LOG, NEW_LOG)]
        with pytest.raises(UnsoundError, match="key rotation: not signed by"):
            read(begun(NEW_LOG, FIRST, *keys))


@pytest.mark.parametrize("keys", [(OLD_LOG, NEW_LOG), (THIRD, OLD_LOG, NEW_LOG)])
def test_a_rotation_is_signed_by_the_intake_also_where_no_signature_is_checked(
    keys: tuple[Key, ...],
) -> None:
    """Keys are learnt from it, so it is not passed over as others are."""
    writer = begun(NEW_LOG, *keys)
    with pytest.raises(UnsoundError, match="not signed by a trusted intake key"):
        Chain(trusted_log(VKEYS), signatures=False).extend([one.raw for one in writer.entries])


@pytest.mark.parametrize("size", [1, 2, 100])
def test_nothing_is_learnt_after_a_link_that_does_not_fit(size: int) -> None:
    """The entry that was altered is what is told, not what follows from later ones."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [SECOND], "key.next:nonsense")
    writer.entries[1].raw = writer.entries[1].raw.replace(b".000002Z", b".000003Z")
    with pytest.raises(UnsoundError, match="position 2: not the entry that position 3 links to"):
        read(writer, size=size)


def test_an_end_that_is_known_already_is_no_news() -> None:
    """Whoever verifies again is told nothing twice."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    first = read(writer)
    chain = Chain(replace(trusted_log(VKEYS), keys=tuple(first.keys)))
    chain.extend([one.raw for one in writer.entries])
    assert first.told
    assert chain.succession.told == []
    assert ranges(chain.succession) == ranges(first)


def test_a_text_that_is_no_key_is_named() -> None:
    """At its position."""
    writer = ledger_of(BEFORE)
    say(writer, [FIRST], "key.next:nonsense")
    with pytest.raises(UnsoundError, match="key rotation: key") as caught:
        read(writer)
    assert caught.value.position == BEFORE + 1


def test_a_key_cannot_be_introduced_twice() -> None:
    """Its range would begin anew."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [FIRST, SECOND], f"key.next:{SECOND.vkey}")
    with pytest.raises(UnsoundError, match="one of this log already") as caught:
        read(writer)
    assert caught.value.position == BEFORE + 2


def test_a_key_whose_range_is_over_names_no_other() -> None:
    """Whoever stole it later cannot."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    say(writer, [FIRST, SECOND, THIRD], f"key.next:{THIRD.vkey}")
    with pytest.raises(UnsoundError, match="outside its range, 1 to 4") as caught:
        read(writer)
    assert caught.value.position == BEFORE + 3


def test_a_log_key_whose_range_is_over_names_no_other() -> None:
    """What it signs in an entry's context is held to its range here, and nowhere else."""
    writer = begun(NEW_LOG, FIRST, OLD_LOG, NEW_LOG)
    say(writer, [FIRST, NEW_LOG], covered(writer), f"key.ended:{key_id(OLD_LOG)}")
    other = Key(ORIGIN, b"\7" * 32)
    say(writer, [FIRST, OLD_LOG, other], f"key.next:{other.vkey}")
    with pytest.raises(UnsoundError, match="not signed by a trusted key of this name") as caught:
        read(writer)
    assert caught.value.position == BEFORE + 3


def test_a_successor_is_of_the_same_name_and_the_last_that_came() -> None:
    """A log key does not follow an intake key; of two that follow, the later one says the end."""
    writer = begun(NEW_LOG, FIRST, OLD_LOG, NEW_LOG)
    say(writer, [FIRST, NEW_LOG], f"key.ended:{key_id(FIRST)}")
    with pytest.raises(UnsoundError, match="ends a key that has no successor"):
        read(writer)
    for signer in (SECOND, THIRD):
        writer = begun(SECOND, FIRST, SECOND)
        say(writer, [FIRST, THIRD], f"key.next:{THIRD.vkey}")
        say(writer, [signer], f"key.ended:{key_id(FIRST)}")
        if signer is THIRD:
            assert ranges(read(writer))[key_id(FIRST)] == (1, 5)
        else:
            with pytest.raises(UnsoundError, match="not signed by") as caught:
                read(writer)
            assert caught.value.position == BEFORE + 3


def test_a_key_that_signed_before_it_was_introduced_is_named_where_it_did() -> None:
    """At the first entry that it signed; signing first where it is introduced is right."""
    writer = ledger_of(1)
    for keys in ([FIRST, SECOND], [FIRST, SECOND], [FIRST]):
        say(writer, keys, "service:shop", kind="pipeledger.deployment.finished")
    say(writer, [FIRST, SECOND], f"key.next:{SECOND.vkey}")
    with pytest.raises(UnsoundError, match="signs before its range: 5") as caught:
        read(writer)
    assert caught.value.position == 2


@pytest.mark.parametrize("signer", [FIRST, SECOND])
def test_an_end_is_said_by_the_successor(signer: Key) -> None:
    """By nobody else; and where there is one."""
    writer = begun(SECOND, FIRST, SECOND) if signer is FIRST else ledger_of(BEFORE)
    say(writer, [FIRST], f"key.ended:{key_id(FIRST)}")
    cause = "not signed by" if signer is FIRST else "ends a key that has no successor"
    with pytest.raises(UnsoundError, match=cause) as caught:
        read(writer)
    assert caught.value.position == len(writer.entries)


def test_a_key_ends_once() -> None:
    """A second end is another position; of a key that nobody trusts, no end is heard."""
    writer = begun(SECOND, FIRST, SECOND)
    say(writer, [SECOND], f"key.ended:{key_id(THIRD)}")
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    with pytest.raises(UnsoundError, match="ended at 5 already") as caught:
        read(writer)
    assert caught.value.position == BEFORE + 4


def test_a_range_holds_its_first_and_its_last_position() -> None:
    """And none beside them; without an end it goes on."""
    key = replace(TrustedKey.parse(FIRST.vkey), first=2, last=4)
    assert [at for at in range(1, 7) if key.valid(at)] == [2, 3, 4]
    assert [at for at in range(1, 7) if replace(key, last=None).valid(at)] == [2, 3, 4, 5, 6]
    for at in (1, 5):
        with pytest.raises(UnsoundError, match="outside its range, 2 to 4") as caught:
            key.check(at)
        assert caught.value.position == at
    with pytest.raises(UnsoundError, match="outside its range, 2 to now"):
        replace(key, last=None).check(1)


def test_only_rotations_teach() -> None:
    """The same tags in an entry of another type say nothing; a revocation warns."""
    writer = ledger_of(BEFORE)
    say(writer, [FIRST], "key.next:nonsense", kind="pipeledger.key.registered")
    doubt = (f"key.compromised:{key_id(FIRST)}", "key.since:2")
    say(writer, [FIRST], *doubt, kind="pipeledger.key.revoked")
    say(writer, [FIRST], doubt[0], kind="pipeledger.key.revoked")
    told = read(writer)
    assert ranges(told) == {key_id(OLD_LOG): (1, None), key_id(FIRST): (1, None)}
    assert [one.partition(" compromised")[0] for one in told.told] == [
        f"warning: position {position} reports {key_id(FIRST)}" for position in (5, 6)
    ]
    assert "since position 2: " in told.told[0]
    assert "since position : " in told.told[1]
