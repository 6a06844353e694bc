"""Which keys are believed for which log, as the trust store says it."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from pipeledger.verifier.trust import TrustedLog, find_trust, read_trust, trusted_log
from pipeledger.verifier.wire import MAX_NUMBER, Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer

WRITER: Final = Writer()
INTAKE: Final = f"{WRITER.intake[0].name}+{WRITER.intake[0].hash.hex()}"
SEEN: Final = {"size": 3, "root": "07" * 32, "note": "n"}
OTHER: Final = Writer("elsewhere.example/log")


def store(**fields: Any) -> bytes:  # noqa: ANN401 - JSON
    """A store of one log, some of whose fields are others."""
    return json.dumps({"v": 1, "ledgers": [{"keys": WRITER.vkeys} | fields]}).encode()


def read(**fields: Any) -> TrustedLog:  # noqa: ANN401 - JSON
    """The log of such a store."""
    (log,) = read_trust(store(**fields))
    return log


def test_a_store_says_of_each_log_its_keys_and_where_it_is() -> None:
    """In their order; the rest may be missing."""
    log = read(url="https://ledger.example", ledger="default", origin=ORIGIN)
    assert log == trusted_log(WRITER.vkeys, url="https://ledger.example", ledger="default")
    assert [key.name for key in log.log_keys] == [ORIGIN]
    assert [key.name for key in log.intake_keys] == [f"{ORIGIN}/intake"]
    bare = read()
    assert (bare.origin, bare.url, bare.ledger, bare.seen) == (ORIGIN, "", "", None)
    assert read(seen=None, ranges={}) == bare
    two = {"v": 1, "ledgers": [{"keys": WRITER.vkeys}, {"keys": OTHER.vkeys}]}
    logs = read_trust(json.dumps(two).encode())
    assert [find_trust(logs, one.origin) for one in (WRITER, OTHER)] == logs
    assert read_trust(b'{"v":1,"ledgers":[]}') == []


@pytest.mark.parametrize("size", [0, 3, MAX_NUMBER])
def test_what_was_seen_of_a_log_is_remembered(size: int) -> None:
    """Of any size; notes were not always kept."""
    log = read(seen=SEEN | {"size": size}, url="u", ledger="l", ranges={INTAKE: [2, 9]})
    assert log.seen == Checkpoint(ORIGIN, size, b"\7" * 32)
    assert log.seen is not None
    assert log.seen.note == b"n"
    assert (log.url, log.ledger) == ("u", "l")
    assert [(key.first, key.last) for key in log.keys] == [(1, None), (2, 9)]
    bare = read(seen={"size": size, "root": "07" * 32}).seen
    assert bare is not None
    assert bare.note == b""


def test_a_key_is_valid_where_its_range_says() -> None:
    """From a first position to a last one, or on; of a key that is not there nothing is said."""
    for stated, told in (([5, None], (5, None)), ([1, 4], (1, 4))):
        log = read(ranges={INTAKE: stated, "other": None})
        assert [(key.first, key.last) for key in log.intake_keys] == [told]
        assert [(key.first, key.last) for key in log.log_keys] == [(1, None)]


RANGES: Final = "the ranges of keys cannot be read"
SAW: Final = "what was seen cannot be read"


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"keys": None}, "a ledger without keys"), ({"keys": "k"}, "a ledger without keys"),
        ({"keys": []}, "expected the log key and the intake key"),
        ({"keys": [7, None]}, "expected the log key and the intake key"),
        ({"keys": ["k"]}, "key"),
        ({"ranges": []}, RANGES), ({"ranges": None}, RANGES), ({"ranges": {INTAKE: {}}}, RANGES),
        ({"ranges": {INTAKE: "ab"}}, RANGES), ({"ranges": {INTAKE: [1]}}, RANGES),
        ({"ranges": {INTAKE: 7}}, RANGES), ({"ranges": {INTAKE: 0}}, RANGES),
        ({"ranges": {INTAKE: [1, 2, 3]}}, RANGES), ({"ranges": {INTAKE: [None, 2]}}, RANGES),
        ({"ranges": {INTAKE: [True, 2]}}, RANGES), ({"ranges": {INTAKE: [1, False]}}, RANGES),
        ({"ranges": {INTAKE: [1, "2"]}}, RANGES), ({"ranges": {INTAKE: [1.0, None]}}, RANGES),
        ({"seen": 7}, SAW), ({"seen": []}, SAW), ({"seen": {}}, SAW), ({"seen": "x"}, SAW),
        ({"seen": {"size": 1}}, SAW), ({"seen": {"root": "07" * 32}}, SAW),
        ({"seen": SEEN | {"root": None}}, SAW), ({"seen": SEEN | {"root": "g" * 64}}, SAW),
        ({"seen": SEEN | {"root": "07" * 31}}, SAW), ({"seen": SEEN | {"root": "07" * 33}}, SAW),
        ({"seen": SEEN | {"size": True}}, SAW), ({"seen": SEEN | {"size": 3.0}}, SAW),
        ({"seen": SEEN | {"size": -1}}, SAW), ({"seen": SEEN | {"size": MAX_NUMBER + 1}}, SAW),
        ({"seen": SEEN | {"size": "3"}}, SAW),
    ],
)  # fmt: skip
def test_a_store_that_says_something_else_is_not_believed(
    fields: dict[str, Any], cause: str
) -> None:
    """It could not be read, so there is no verdict."""
    with pytest.raises(UncheckedError, match=rf"^the trust store cannot be read \(.*{cause}"):
        read(**fields)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"v":2,"ledgers":[]}', b'{"ledgers":[]}', b'{"v":1}',
     b'{"v":1,"ledgers":{}}', b'{"v":1,"ledgers":[7]}', b'{"v":1,"v":1,"ledgers":[]}'],
)  # fmt: skip
def test_what_is_no_store_is_told_so(raw: bytes) -> None:
    """Of no other version either."""
    with pytest.raises(UncheckedError, match="the trust store cannot be read"):
        read_trust(raw)


@pytest.mark.parametrize(
    "vkeys",
    [
        WRITER.vkeys[:1], WRITER.vkeys[1:], [], [*WRITER.vkeys, *OTHER.vkeys],
        [WRITER.log.vkey, OTHER.vkeys[1]],
        [WRITER.log.vkey, Key(f"{ORIGIN}/intake/intake", b"\1" * 32).vkey],
    ],
)  # fmt: skip
def test_a_log_is_trusted_by_its_own_key_and_that_of_its_intake(vkeys: list[str]) -> None:
    """Both, and nobody else's; several of each are right."""
    with pytest.raises(UnsoundError, match="expected the log key and the intake key of one ledger"):
        trusted_log(vkeys)
    more = Key(ORIGIN, b"\7" * 32)
    assert len(trusted_log([*WRITER.vkeys, more.vkey]).log_keys) == 2


def test_a_log_that_nobody_trusts_is_named_as_far_as_it_is_text() -> None:
    """A hundred characters of it; whatever could move a cursor is a question mark."""
    name = "!~ \x7f\x1b\u00e9" + "c" * 100
    with pytest.raises(UncheckedError) as caught:
        find_trust([trusted_log(WRITER.vkeys)], name)
    assert caught.value.reason == f"no key is trusted for the ledger !~????{'c' * 94}"
    assert caught.value.next_step == "pipeledger trust add URL --fingerprint FINGERPRINT"
