"""The context line: every value at its bounds, and one spelling of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.by import By
from domain.log.context import Context, EventRef, PartRef, line_of
from domain.log.part import Part
from tests.domain.log import known_answers as known

BY = By("wkl_" + "0" * 32, "crd_" + "0" * 32, "server")
EVENT = EventRef(2, bytes(32))
ONE = Context("ledger.example/a", "some.type", 1, "decided", BY, ("one",), ("k:a", "k:b"), EVENT)
PARTS = tuple(PartRef(name, "text/plain", 1, bytes(32)) for name in ("a", "b", "c"))
STREAMS = tuple(f"stream-{number}" for number in range(5))
TAGS = tuple(f"k:{number:02}" for number in range(33))
MOST = 2**63 - 1


@pytest.mark.parametrize(
    "context",
    [
        ONE, replace(ONE, streams=(), tags=()), replace(ONE, streams=STREAMS[:4], tags=TAGS[:32]),
        replace(ONE, version=MOST, event=EventRef(MOST, bytes(32))),
        replace(ONE, event=EventRef(0, bytes(32)), parts=PARTS),
        replace(ONE, by=replace(BY, claims=bytes(range(32)))), replace(ONE, streams=("two", "one")),
    ],
)  # fmt: skip
def test_a_context_is_read_as_it_was_written(context: Context) -> None:
    """Without anything, and with the most of everything."""
    assert Context.parse(context.encode()) == context


@pytest.mark.parametrize(
    ("context", "place"),
    [
        (replace(ONE, origin="Ledger"), "origin"),
        (replace(ONE, type="a b"), "type"),
        (replace(ONE, version=0), "field tv"),
        (replace(ONE, version=MOST + 1), "field tv"),
        (replace(ONE, assurance="sure"), "field as"),
        (replace(ONE, by=replace(BY, principal="wkl_0")), "field by.p"),
        (replace(ONE, by=replace(BY, credential="crd_0")), "field by.cred"),
        (replace(ONE, by=replace(BY, how="word")), "field by.how"),
        (replace(ONE, by=replace(BY, claims=bytes(31))), "field c"),
        (replace(ONE, streams=("one", "two", "one")), "field streams"),
        (replace(ONE, streams=("a b",)), "field streams"),
        (replace(ONE, streams=("",)), "field streams"),
        (replace(ONE, streams=('a","b',)), "field streams"),
        (replace(ONE, tags=("k:b", "k:a")), "field tags"),
        (replace(ONE, tags=("k:a", "k:a")), "field tags"),
        (replace(ONE, tags=("k:\u00e9",)), "field tags"),
        (replace(ONE, event=EventRef(-1, bytes(32))), "field len"),
        (replace(ONE, event=EventRef(MOST + 1, bytes(32))), "field len"),
        (replace(ONE, event=EventRef(1, bytes(33))), "field c"),
        (replace(ONE, parts=PARTS[:2][::-1]), "field parts"),
        (replace(ONE, parts=PARTS[:1] * 2), "field parts"),
        (replace(ONE, parts=(replace(PARTS[0], name="event"),)), "field parts"),
        (replace(ONE, parts=(replace(PARTS[0], name="claims"),)), "field parts"),
        (replace(ONE, parts=(replace(PARTS[0], name="A"),)), "part name"),
        (replace(ONE, parts=(replace(PARTS[0], media_type="text"),)), "media type"),
    ],
)
def test_what_a_context_cannot_hold_is_not_written(context: Context, place: str) -> None:
    """The field is named."""
    with pytest.raises(RefusedError) as caught:
        context.encode()
    assert caught.value.place == place


def test_four_streams_and_thirty_two_tags_are_the_most() -> None:
    """One more is too large."""
    with pytest.raises(TooLargeError, match="at most 4 streams"):
        replace(ONE, streams=STREAMS).encode()
    with pytest.raises(TooLargeError, match="at most 32 tags"):
        replace(ONE, tags=TAGS).encode()


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (b'"k:a","k:b"', b'"k:b","k:a"', "sorted and unique tags"),
        (b'"tv":1', b'"tv":0', "versions are counted from 1"),
        (b'"tv":1', b'"tv":9223372036854775808', r"tv is over 2\^63-1"),
        (b'"tv":1', b'"tv":01', "not a context line"),
        (b'"len":2', b'"len":9223372036854775808', r"event.len is over 2\^63-1"),
        (b'"ct":"text/plain","len":1', b'"ct":"text/plain","len":x', "a part is not one"),
        (b'"name":"a"', b'"name":"event"', "not for named parts"),
        (b'"o"', b'"\xff"', "not a context line"),
    ],
)
def test_another_line_is_damage(old: bytes, new: bytes, cause: str) -> None:
    """What the writer would not write, the reader does not take."""
    line = replace(ONE, parts=PARTS[:1]).encode()
    assert line.count(old) == 1
    with pytest.raises(DamageError, match=cause):
        Context.parse(line.replace(old, new))


def test_a_part_of_the_greatest_length_is_read() -> None:
    """As the event is."""
    largest = replace(ONE, parts=(replace(PARTS[0], length=MOST),))
    assert Context.parse(largest.encode()) == largest


def test_a_draft_that_contradicts_itself_is_a_mistake() -> None:
    """The event and the claims bear their names, and the claims are those of the sender."""
    draft = known.ENTRIES[3].draft
    claims = draft.claims
    assert claims is not None
    named = Part("other", draft.event.media_type, draft.event.body, draft.event.salt)
    with pytest.raises(ValueError, match="parts of these names"):
        line_of(replace(draft, event=named), known.ORIGIN)
    with pytest.raises(ValueError, match="parts of these names"):
        line_of(replace(draft, claims=replace(claims, part=draft.parts[0].part)), known.ORIGIN)
    for wrong in (
        replace(draft, claims=None), replace(draft, by=replace(draft.by, claims=None)),
        replace(draft, by=replace(draft.by, claims=bytes(32))),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="the claims are not the ones"):
            line_of(wrong, known.ORIGIN)
