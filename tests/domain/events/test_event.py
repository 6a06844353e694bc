"""Reading events: what is taken, what is refused, what is derived."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import RefusedError
from domain.event import read_event
from domain.events import TYPES, Door
from domain.events.marks import marked
from domain.events.streams import streams_of, tags_of
from domain.events.upcast import upcast
from domain.instant import read_time

COMMIT = "c" * 40
DIGEST = "sha256:" + "d" * 64


def deployment(**changes: object) -> dict[str, Any]:
    """A valid event, with attributes or data fields replaced; None removes one."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "evt-3",
        "source": "https://ci.example/acme/checkout",
        "type": "pipeledger.deployment.finished.v1",
        "time": "2026-01-01T11:00:00+01:00",
        "data": {
            "deployment": "d-1",
            "service": "checkout",
            "environment": "production",
            "outcome": "success",
            "commit": COMMIT,
            "artifact": {"digest": DIGEST},
        },
    }
    for name, value in changes.items():
        part, key = (event["data"], name[5:]) if name.startswith("data_") else (event, name)
        if value is None:
            part.pop(key, None)
        else:
            part[key] = value
    return event


def test_a_deployment_has_its_streams_and_tags() -> None:
    """The deployment, its line and its release; every tag the data names."""
    event = read_event(deployment(data_release="1.4.0"))
    assert streams_of(event) == (
        "deployment/c19d64f6414b7226.d-1",
        "line/checkout@production",
        "release/checkout@1.4.0",
    )
    assert tags_of(event) == (
        f"artifact:{DIGEST}",
        f"commit:{COMMIT}",
        "environment:production",
        "release:1.4.0",
        "service:checkout",
    )


def test_what_an_event_lists_is_tagged_as_far_as_there_is_room() -> None:
    """Every artifact of a build, and subjects of approvals; the first of them, and of 32 tags."""
    digests = [f"sha256:{number:064x}" for number in range(40)]
    built = deployment(
        type="pipeledger.build.finished.v1", data_artifact=None, data_deployment=None,
        data_artifacts=[{"digest": one} for one in digests],
    )  # fmt: skip
    tags = tags_of(read_event(built))
    assert len(tags) == 32
    found = [one for one in tags if one.startswith("artifact:")]
    assert found == [f"artifact:{one}" for one in digests[:29]]
    asked = deployment(type="pipeledger.approval.requested.v1") | {
        "data": {"approval": "apr-1", "subjects": [
            {"kind": "artifact", "digest": DIGEST}, {"kind": "commit", "commit": COMMIT},
            {"kind": "release", "release": "1.4"}, {"kind": "plan", "digest": digests[1]},
        ]},
    }  # fmt: skip
    assert tags_of(read_event(asked)) == (
        f"artifact:{DIGEST}", f"commit:{COMMIT}", "release:1.4",
    )  # fmt: skip


def test_a_change_is_tagged_by_its_head_and_its_merge_too() -> None:
    """Whatever commit its sender names beside."""
    merged = deployment(type="pipeledger.change.merged.v1") | {
        "data": {"repository": "https://code.example/a", "number": 7, "commit": COMMIT,
                 "head": "d" * 40, "merge_commit": "e" * 40},
    }  # fmt: skip
    tags = tags_of(read_event(merged))
    assert {f"commit:{COMMIT}", f"commit:{'d' * 40}", f"commit:{'e' * 40}"} <= set(tags)


def test_unknown_fields_and_extensions_survive() -> None:
    """What a newer sender adds is kept, in data and beside it."""
    event = read_event(deployment(data_weather={"sky": ["blue"]}, traceparent="00-ab-cd-01"))
    assert event.data["weather"] == {"sky": ["blue"]}
    assert b'"weather":{"sky":["blue"]}' in event.encode()
    assert event.extensions == {"traceparent": "00-ab-cd-01"}


REFUSED = {
    "no specversion": ({"specversion": None}, "field specversion"),
    "an empty id": ({"id": ""}, "field id"),
    "a line feed in the id": ({"id": "a\nb"}, "field id"),
    "a space in the source": ({"source": "https://a b"}, "field source"),
    "a foreign type": ({"type": "dev.cdevents.x.v1"}, "field type"),
    "an unknown type": ({"type": "pipeledger.coffee.made.v1"}, "field type"),
    "an unknown version": ({"type": "pipeledger.deployment.finished.v2"}, "field type"),
    "a version of zero": ({"type": "pipeledger.deployment.finished.v0"}, "field type"),
    "a time without offset": ({"time": "2026-01-01T11:00:00"}, "field time"),
    "a day that is none": ({"time": "2026-02-30T11:00:00Z"}, "field time"),
    "the year 0": ({"time": "0000-01-01T00:00:00Z"}, "field time"),
    "before the year 1 in UTC": ({"time": "0001-01-01T00:00:00+01:00"}, "field time"),
    "after the year 9999 in UTC": ({"time": "9999-12-31T23:59:59-01:00"}, "field time"),
    "a leap second": ({"time": "2016-12-31T23:59:60Z"}, "field time"),
    "digits of another script": (
        {"time": "\N{FULLWIDTH DIGIT TWO}026-01-01T11:00:00Z"},
        "field time",
    ),
    "another content type": ({"datacontenttype": "text/xml"}, "field datacontenttype"),
    "no data": ({"data": None}, "field data"),
    "data in base64": ({"data_base64": "e30="}, "field 'data_base64'"),
    "an attribute in capitals": ({"TraceParent": "x"}, "field 'TraceParent'"),
    "a line feed in an extension": ({"subject": "a\nb"}, "field subject"),
    "an object as extension": ({"sampled": {"a": 1}}, "field sampled"),
    "a missing field": ({"data_outcome": None}, "field data"),
    "an outcome that is none": ({"data_outcome": "great"}, "field data.outcome"),
    "a commit in capitals": ({"data_commit": "C" * 40}, "field data.commit"),
    "a digest without algorithm": ({"data_artifact": {"digest": "d" * 64}}, "field data.artifact"),
    "a number for a name": ({"data_service": 7}, "field data.service"),
    "an empty name": ({"data_service": ""}, "field data.service"),
    "a line feed in a name": ({"data_environment": "pro\nduction"}, "field data.environment"),
    "a NUL in a text": ({"data_reason": "a\0b"}, "field data.reason"),
    "a negative duration": ({"data_duration_s": -1}, "field data.duration_s"),
    "a fault inside a list": (
        {"data_targets": [{"site": "a"}, {"site": "b", "share": 2}]},
        "field data.targets[1].share",
    ),
}


@pytest.mark.parametrize(("changes", "place"), REFUSED.values(), ids=REFUSED.keys())
def test_each_refusal_names_the_field(changes: dict[str, Any], place: str) -> None:
    """And never repeats the value."""
    event = deployment()
    if "data_base64" in changes:
        event |= changes
    else:
        event = deployment(**changes)
    with pytest.raises(RefusedError) as refusal:
        read_event(event)
    assert refusal.value.place.startswith(place)
    assert "great" not in str(refusal.value)


WANTED = {
    "a word": (
        {"data_outcome": "great"},
        "expected cancelled, error, failure, skipped or success",
    ),
    "a word or a yes": ({"data_impact": "yes"}, "expected true, false or unknown"),
    "a word inside a list": (
        {"data_targets": [{"site": "a"}, {"site": "b", "outcome": "great"}]},
        "expected cancelled, error, failure, skipped or success",
    ),
    "a short commit": (
        {"data_commit": "8ee4b6d"},
        "expected a whole commit id, 40 or 64 hexadecimal digits in lower case",
    ),
    "an image for a digest": (
        {"data_artifact": {"digest": "shop:1.2"}},
        "expected a digest, as sha256: with 64 hexadecimal digits in lower case behind it",
    ),
    "two lines for a name": (
        {"data_service": "a\nb"},
        "expected one line without control characters",
    ),
    "a text for a number": ({"data_duration_s": "3"}, "expected a number, got text"),
    "a text for an object": ({"data_artifact": "x"}, "expected an object, got text"),
    "a list for a person": ({"data_actor": ["x"]}, "expected text or an object, got a list"),
    "a negative number": ({"data_duration_s": -1}, "expected a number >= 0.0"),
    "an empty name": ({"data_service": ""}, "empty"),
}


@pytest.mark.parametrize(("changes", "reason"), WANTED.values(), ids=WANTED.keys())
def test_a_refusal_says_what_was_expected(changes: dict[str, Any], reason: str) -> None:
    """In words that whoever wrote the line can act on, without the type library's own."""
    with pytest.raises(RefusedError) as refusal:
        read_event(deployment(**changes))
    assert refusal.value.reason == reason


def test_texts_may_have_lines() -> None:
    """A reason is written by people."""
    assert read_event(deployment(data_reason="two\nlines")).data["reason"] == "two\nlines"


def test_the_years_1_and_9999_are_read() -> None:
    """The ends of the calendar, and digits beyond microseconds."""
    assert read_time("0001-01-01T00:00:00Z", "time").year == 1
    assert read_time("9999-12-31T23:59:59.999999999Z", "time").microsecond == 999_999


def test_every_type_can_be_described_and_derived() -> None:
    """Each has a sentence, a door, marks and a rule for streams."""
    for kind in TYPES.values():
        assert kind.doc.endswith(".")
        assert (kind.door is Door.SERVER) == (not kind.roles)
        assert "actor" in marked(kind.name).whole.inner
    assert len(TYPES) == 109


def test_decisions_and_ledger_events_come_through_no_senders_door() -> None:
    """They are made by commands, or by the ledger itself."""
    for name in ("approval.granted", "waiver.granted", "event.voided", "key.enrolled"):
        assert TYPES[f"pipeledger.{name}"].door is Door.COMMAND
    for name in ("ledger.created", "event.conflicted", "evidence.read"):
        assert TYPES[f"pipeledger.{name}"].door is Door.SERVER
    assert TYPES["pipeledger.approval.reported"].door is Door.EMIT


def test_an_older_version_is_brought_to_the_newest_step_by_step() -> None:
    """Without changing what is stored; a gap in the steps is an error."""
    steps = {
        ("pipeledger.x.y", 1): lambda data: {**data, "two": True},
        ("pipeledger.x.y", 2): lambda data: {"three": data["one"], "two": data["two"]},
    }
    stored = {"one": 1}
    assert upcast("pipeledger.x.y", 1, stored, steps, newest=3) == {"three": 1, "two": True}
    assert stored == {"one": 1}
    with pytest.raises(RefusedError):
        upcast("pipeledger.x.y", 1, stored, {}, newest=2)
    with pytest.raises(RefusedError):
        upcast("pipeledger.deployment.finished", 2, stored)
