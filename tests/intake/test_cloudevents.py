"""CloudEvents from elsewhere: all ways of coming, order, other types, who proves what."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.cloudevents import CDEVENTS_SENDER, CLOUDEVENTS_SENDER
from intake.cloudevents.binary import STRUCTURED, folded
from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.occurrences import PLACED, PLATFORMS, REPOSITORY, all_of, event_of

BARE = {"specversion": "1.0", "id": "7", "source": "/x", "type": "com.example.made"}


def cloud(data: object, **attributes: object) -> dict[str, Any]:
    """A CloudEvent around something."""
    return {"specversion": "1.0", "id": "e-1", "source": "/ci/one", "data": data,
            "type": "dev.cdevents.service.deployed.0.3.0"} | attributes  # fmt: skip


def test_all_ways_of_coming_tell_the_same() -> None:
    """As it is, in a CloudEvent, in base64, in headers, in a batch, in lines."""
    told = event_of("service.deployed", **PLACED)
    raw = json.dumps(told).encode()
    wrapped = cloud(told)
    headers = {"ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "/ci/one",
               "ce-type": "dev.cdevents.service.deployed.0.3.0"}  # fmt: skip
    bodies = [
        raw,
        json.dumps(wrapped).encode(),
        json.dumps(cloud(None, data_base64=base64.b64encode(raw).decode())).encode(),
        folded(headers, "application/json", raw)[1],
        json.dumps([wrapped]).encode(),
        json.dumps(wrapped, indent=1).encode(),
    ]
    found = [read_report(body) for body in bodies]
    assert {report.format.name for report in found} == {"cdevents"}
    assert len({repr(report.readings) for report in found}) == 1
    lines = read_report(raw + b"\n" + json.dumps(wrapped).encode())
    assert [one.data for one in lines.readings] == [found[0].readings[0].data] * 2


def test_a_fact_is_known_by_source_type_and_id() -> None:
    """The id alone may be that of other events; a batch is known as a whole."""
    told = event_of("service.deployed", **PLACED)
    (reading,) = all_of(told)
    assert reading.identity == "/ci/one dev.cdevents.service.deployed.0.3.0 e-1"
    assert [one.identity for one in all_of([told, told])] == [None, None]


def test_several_events_are_told_in_the_order_of_their_times() -> None:
    """Also where the file has them otherwise, and others between them."""
    late, early = event_of("service.deployed", **PLACED), event_of("service.upgraded", **PLACED)
    early["context"]["timestamp"] = "2026-01-01T08:59:59Z"
    found = all_of([cloud(late), BARE, cloud(early)])
    assert [one.data["reported_outcome"] for one in found] == ["upgraded", "deployed"]


def test_attributes_in_headers_make_one_event_of_what_came() -> None:
    """Percent-encoded there; data that is no JSON in base64."""
    headers = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/x", "ce-type": "com.example.a",
               "ce-subject": "Euro%20%E2%82%AC", "host": "planted"}  # fmt: skip
    media, body = folded(headers, "text/plain", b"hello")
    event = json.loads(body)
    assert media == STRUCTURED
    assert event == {
        "specversion": "1.0", "id": "7", "source": "/x", "type": "com.example.a",
        "subject": "Euro €", "datacontenttype": "text/plain", "data_base64": "aGVsbG8=",
    }  # fmt: skip
    assert json.loads(folded(headers, "application/json", b'{"a": 1}')[1])["data"] == {"a": 1}
    assert "data" not in json.loads(folded(headers, "", b"")[1])
    for untouched in ({}, headers):
        kind = STRUCTURED if untouched else "application/json"
        assert folded(untouched, kind, b"{}") == (kind, b"{}")


def test_other_types_are_kept_and_ours_are_sent_elsewhere() -> None:
    """Under their type, with the reason."""
    for told, reason in (
        (BARE, "no event type is for it"),
        (BARE | {"type": "pipeledger.deployment.finished.v1"}, "sent to POST events"),
        (BARE | {"data_base64": "... no ..."}, "field data_base64: no base64"),
        (BARE | {"id": ""}, "expected id"),
    ):
        body = json.dumps(told).encode()
        delivery = Delivery("bus", None, STRUCTURED, body)
        (reading,) = read_delivery(CLOUDEVENTS_SENDER, delivery)
        assert reading.type == "pipeledger.source.unmapped.v1"
        assert reading.data["kind"] == told["type"]
        assert reason in reading.data["reason"]


def test_base64_that_holds_no_text_is_refused() -> None:
    """A CDEvent is JSON, and JSON is UTF-8."""
    raw = json.dumps(event_of("service.deployed", **PLACED)).encode().replace(b"urn", b"\xff")
    told = base64.b64encode(raw.replace(b'"id"', b'"\xff"')).decode()
    with pytest.raises(RefusedError, match="field data_base64: the bytes are not UTF-8"):
        read_report(json.dumps(cloud(None, data_base64=told)).encode())


def test_a_fault_in_a_batch_is_named_by_its_number() -> None:
    """Nothing of the batch is taken then."""
    good, bad = event_of("service.deployed", **PLACED), event_of("service.deployed")
    bad["subject"]["content"] = {"environment": "production"}
    with pytest.raises(RefusedError) as refused:
        all_of([good, bad])
    assert refused.value.place == "event 1, field subject.content.environment"


@pytest.mark.parametrize("sender", [CDEVENTS_SENDER, CLOUDEVENTS_SENDER])
def test_emitters_prove_themselves_by_a_token(sender: Any) -> None:  # noqa: ANN401 - a sender
    """CloudEvents' own rules for webhooks (HTTP Web Hooks for Event Delivery 3.1)."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert sender.scheme.holds({"authorization": "Bearer s3cret"}, b"", "s3cret", at)
    assert not sender.scheme.holds({"authorization": "Bearer other"}, b"", "s3cret", at)
    assert not sender.scheme.holds({}, b"", "s3cret", at)


CLOUD = {name: row for name, row in PLATFORMS.items() if name.startswith("cloudevents/")}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(CLOUD))
def test_cloudevents_of_other_types_are_kept_as_they_came(name: str) -> None:
    """Two of the examples have base64 that is none, and one is no JSON."""
    body = (FOLDER / name).read_bytes()
    delivery = Delivery("bus", None, STRUCTURED, body)
    (reading,) = read_delivery(CLOUDEVENTS_SENDER, delivery)
    assert reading.type == "pipeledger.source.unmapped.v1"
    bad = "base64 encoded string" in body.decode()
    assert ("data_base64" in reading.data["reason"]) == bad
    if name.endswith(".json"):
        assert f"type={reading.data['kind']}" in CLOUD[name]
        with pytest.raises(RefusedError) if bad else contextlib.nullcontext():
            assert read_report(body).readings == []


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers."""
    events = [event_of(kind, **PLACED, repository=REPOSITORY, outcome="success")
              for kind in ("service.rolledback", "change.merged", "testcaserun.finished")
              ]  # fmt: skip
    for told in (*events, cloud(events[0]), events):
        check_damaged(json.dumps(told).encode(), 150)
    old = BARE | {"specversion": "0.3", "type": "dev.cdevents.pipelinerun.finished.0.1.0",
                  "pipelinename": "ci", "outcome": "success", "time": "2026-01-01T10:00:00Z",
                  "data": {"build": {"fullUrl": "https://ci.example/job/a/7/", "duration": 5,
                                     "scmState": {"url": "https://code.example/a"}}}}  # fmt: skip
    check_damaged(json.dumps(old).encode(), 150)
