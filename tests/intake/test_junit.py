"""JUnit XML in its dialects, and in hostile hands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from domain.errors import PipeledgerError, RefusedError, TooLargeError
from intake.registry import read_report

if TYPE_CHECKING:
    from intake.report import Reading

CASE = b'<testcase classname="c" name="n" time="0.5"'


def read(inner: bytes, **attributes: str) -> Reading:
    """The reading of one suite."""
    said = "".join(f' {name}="{value}"' for name, value in attributes.items()).encode()
    (reading,) = read_report(b"<testsuite" + said + b">" + inner + b"</testsuite>").readings
    return reading


@pytest.mark.parametrize(
    ("inner", "outcome"),
    [
        (b"", "skipped"),
        (CASE + b"/>", "success"),
        (CASE + b"><skipped/></testcase>", "skipped"),
        (CASE + b"><skipped/></testcase>" + CASE + b"/>", "success"),
        (CASE + b"><failure/></testcase>" + CASE + b"/>", "failure"),
        (CASE + b"><error/></testcase>", "failure"),
        (CASE + b"><flakyFailure/></testcase>", "success"),
        (CASE + b' status="notrun" result="suppressed"/>', "skipped"),
        (CASE + b' status="Disabled"/>', "skipped"),
        (CASE + b' status="run" result="completed"/>', "success"),
        (CASE + b' status="notrun"><failure/></testcase>', "failure"),
        (CASE + b"><system-out><failure/></system-out></testcase>", "success"),
    ],
)
def test_the_outcome_is_of_the_elements(inner: bytes, outcome: str) -> None:
    """Failure with any failure or error, skipped where none ran."""
    assert read(inner).data["outcome"] == outcome


def test_a_case_counts_once() -> None:
    """With the worst that stands in it."""
    counts = read(CASE + b"><failure/><failure/><error/></testcase>").data["counts"]
    assert counts == {"passed": 0, "failure": 0, "error": 1, "skipped": 0}


@pytest.mark.parametrize(("claimed", "differs"), [("0", False), ("1", False), ("2", True)])
def test_a_disabled_case_may_be_claimed_apart(claimed: str, differs: bool) -> None:  # noqa: FBT001 - cases
    """As googletest does, whose `skipped` are those that skipped themselves."""
    inner = CASE + b' status="notrun"/>' + CASE + b' status="run"/>'
    data = read(inner, tests="2", failures="0", errors="0", disabled="1", skipped=claimed).data
    assert data["counts"] == {"passed": 1, "failure": 0, "error": 0, "skipped": 1}
    assert ("claimed" in data) == differs


def test_nested_suites_are_claimed_once_and_counted_through() -> None:
    """Only the outermost suites' totals are compared."""
    inner = b'<testsuite name="in" tests="2">' + (CASE + b"/>") * 2 + b"</testsuite>"
    assert "claimed" not in read(inner, name="out", tests="2").data
    assert read(inner, name="out", tests="3").data["claimed"] == {"tests": 3}


def test_the_document_lists_every_case() -> None:
    """Without messages: they hold paths, names and secrets."""
    reading = read(CASE + b'><failure message="secret">secret</failure></testcase>', name="s")
    (document,) = reading.documents
    (row,) = [json.loads(line) for line in document.body.splitlines()]
    assert row == {"suite": "s", "class": "c", "name": "n", "status": "failure", "duration_s": 0.5}
    assert reading.data["results"] == document.digest


@pytest.mark.parametrize(
    ("stamp", "time", "local"),
    [
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"),
        ("2026-01-02T03:04:05+0200", "2026-01-02T03:04:05+02:00", None),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", None),
        ("2026-13-02T03:04:05", None, None),
        ("yesterday", None, None),
    ],
)
def test_a_time_without_zone_is_said_to_be_one(
    stamp: str, time: str | None, local: str | None
) -> None:
    """Its own text is kept; what is no instant is none."""
    reading = read(CASE + b"/>", timestamp=stamp)
    assert (reading.time, reading.local_time) == (time, local)


@pytest.mark.parametrize(
    ("number", "seconds"), [("1,234.5", 1234.5), ("nan", 0.0), ("-1", 0.0), ("1e999", 0.0)]
)
def test_durations_are_finite(number: str, seconds: float) -> None:
    """Thousands may be grouped."""
    assert read(b"", time=number).data["duration_s"] == seconds


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>
<testsuite name="&b;"/>"""
EXTERNAL = b"""<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite name="&x;"/>"""


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (ENTITIES, "line 1"),
        (EXTERNAL, "line 1"),
        (b"<testsuite><testcase></testsuite>", "line 1, column"),
        (b"<testsuite", "line 1, column"),
        (b"<other/>", "document"),
        (b"<testsuite>\xc3\x28</testsuite>", "byte 11"),
        (b'<testsuite a="1" a="2"/>', "line 1, column"),
        (b"<testsuite>&unknown;</testsuite>", "line 1, column"),
        ('<?xml version="1.0" encoding="utf-16"?><testsuite/>'.encode("utf-16"), "byte 0"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, place: str) -> None:
    """No entity is expanded, no file fetched, no parser's exception comes out."""
    with pytest.raises(RefusedError) as caught:
        read_report(body, "junit")
    assert caught.value.place.startswith(place)


def test_a_declared_encoding_is_not_believed() -> None:
    """The bytes are UTF-8, whatever they say of themselves."""
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite name="é"/>'.encode()
    assert read_report(body).readings[0].data["suite"] == "é"


@pytest.mark.parametrize(
    "body",
    [
        b"<testsuite>" * 65 + b"</testsuite>" * 65,
        b"<testsuite>" + b"<a/>" * 10_001,
        b'<testsuite name="' + b"x" * 9 * 2**20 + b'"/>',
        b"<!--" + b"x" * 9 * 2**20 + b"--><testsuite/>",
    ],
    ids=["deep", "many", "attribute", "comment"],
)
def test_a_bomb_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """By depth, by number, by the length of a tag: the parser reads those again and again."""
    monkeypatch.setattr("intake.xml_body.MAX_ELEMENTS", 10_000)
    with pytest.raises(TooLargeError):
        read_report(body, "junit")


@pytest.mark.parametrize(
    "body", [b"{", b"<", b"[1]", b"x", b'{"runs": 1}', b"<html/>", b"\x1f\x8b"]
)
def test_an_unknown_file_is_refused_with_where_to_look(body: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(PipeledgerError) as caught:
        read_report(body)
    assert "docs/integrations/README.md" in str(caught.value) or "byte" in str(caught.value)
