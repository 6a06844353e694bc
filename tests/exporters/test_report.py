"""The compliance report: one page whose numbers are those of the tables, for everybody."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from exporters import assessment
from exporters.report.page import POLICY, write_report
from exporters.report.view import OUTCOMES, Report
from projections.asked_controls import is_built
from projections.catalogue import built_in
from tests.exporters.judged import HOSTILE, judged, shop
from tests.exporters.pages import read_page, table_of
from tests.projections.controls.judging import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporters.assessment import Assessment
    from tests.exporters.pages import Element

FRAMEWORKS = ("NIST-800-53r5", "SLSA", "SOC2-TSC-2017r2022")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    """What the controls of three frameworks came to."""
    with judged(shop(), tmp_path_factory.mktemp("report"), FRAMEWORKS) as one:
        yield one


@pytest.fixture(scope="module")
def raw(found: Assessment) -> bytes:
    """The page as bytes."""
    return write_report(found)


@pytest.fixture(scope="module")
def page(raw: bytes) -> Element:
    """The page as a tree."""
    return read_page(raw)


def test_the_summary_counts_each_control_once(found: Assessment, page: Element) -> None:
    """By outcome and framework, as the table of outcomes has it."""
    wanted = {
        framework.title: Counter(
            row["outcome"] for row in found.rows("control_outcomes")
            if row["framework"] == framework.framework
        )
        for framework in found.frameworks
    }  # fmt: skip
    rows = table_of(page, "Controls by framework").rows()
    assert [row[0] for row in rows] == list(wanted)
    for name, total, *counts, _ in rows:
        assert [int(one) for one in counts] == [wanted[name][one.name] for one in OUTCOMES]
        assert int(total) == wanted[name].total()
    assert sum(one["violated"] for one in wanted.values()) > 0


def test_the_tests_that_most_items_violate_stand_first(found: Assessment, page: Element) -> None:
    """With how many of how many, and how many controls rest on each."""
    rows = table_of(page, "Where to look first").rows()
    violated = [int(row[2]) for row in rows]
    assert violated == sorted(violated, reverse=True)
    results = {row["test"]: row for row in found.rows("control_results") if row["violated"]}
    assert {row[0].split()[0] for row in rows} <= set(results)
    told = next(row for row in rows if row[0].startswith("CHG-02"))
    assert told[2:4] == [str(results["CHG-02"][name]) for name in ("violated", "population")]
    links = [row for row in found.rows("control_links") if row["test"] == "CHG-02"]
    assert told[4] == str(len(links))


def test_every_control_says_its_outcome_in_words(found: Assessment, page: Element) -> None:
    """With its tests; a mark stands beside, and colour carries nothing alone."""
    outcomes = {
        (row["framework"], row["control"]): row["outcome"] for row in found.rows("control_outcomes")
    }
    words = {one.name: one.words for one in OUTCOMES}
    for framework in found.frameworks:
        (region,) = (
            one for one in page.all("div")
            if one.attributes.get("aria-label") == f"Controls of {framework.title}"
        )  # fmt: skip
        (table,) = region.all("table")
        told = {row[0]: row[2] for row in table.rows()}
        assert list(told) == [one.id for one in framework.controls]
        for name, said in told.items():
            assert said.endswith(words[outcomes[framework.framework, name]])


def test_violations_stand_before_exceptions_with_reason_and_entries(page: Element) -> None:
    """Of the whole population in the window, and nothing of what came after it."""
    rows = [
        row for row in table_of(page, "Items that violate").rows() if row[1].startswith("CHG-02")
    ]
    assert [row[0].partition(" ")[2] for row in rows] == ["violated", "violated", "excepted"]
    waived = rows[-1]
    assert waived[2].endswith("waived")
    assert "(waiver w-1)" in waived[6]
    assert waived[5] == "2026-05-02 10:00"
    assert {row[6] for row in rows[:2]} >= {"no approval"}
    assert all(re.fullmatch(r"\d+(, \d+)*", row[7]) for row in rows)
    assert not any("late" in row[2] for row in rows)


def test_the_waivers_of_the_window_are_listed(page: Element) -> None:
    """With both persons, as opaque ids."""
    ((waiver, test, only_for, since, until, requester, approver, _),) = table_of(
        page, "Waivers that held"
    ).rows()
    assert (waiver, test, only_for) == ("w-1", "CHG-02", "all")
    assert (since, until) == ("2026-05-01 00:00", "2026-05-20 00:00")
    assert requester.startswith("per_")
    assert approver.startswith("per_")
    assert requester != approver


def test_a_waiver_is_listed_however_many_ended_before(tmp_path: Path) -> None:
    """In the window there is one, the last of many."""
    told = Shop()
    for number in range(1001):
        told.waive(f"old-{number}", "01-01T00:00", "CHG-02", "01-02T00:00")
    told.waive("held", "05-01T00:00", "CHG-02", "05-20T00:00")
    with judged(told, tmp_path, ("SLSA",)) as one:
        assert [row["waiver"] for row in Report(one).waivers()] == ["held"]


def test_the_months_are_counted_from_the_same_items(found: Assessment, page: Element) -> None:
    """Each item once for each test; the sums are those of the results."""
    rows = table_of(page, "Judged items by month").rows()
    months = [row[0] for row in rows]
    assert months == sorted(months)
    assert set(months) >= {"2026-03", "2026-04", "2026-05"}
    totals = [sum(int(row[at + 1].replace(" ", "")) for row in rows) for at in range(len(OUTCOMES))]
    assert totals == [
        sum(row[one.column] for row in found.rows("control_results")) for one in OUTCOMES
    ]


def test_what_lacks_evidence_says_what_brings_it(found: Assessment, page: Element) -> None:
    """Per test; a test that is not evaluated says that instead."""
    rows = {row[0].split()[0]: row for row in table_of(page, "Tests that lack evidence").rows()}
    wanted = {
        row["test"] for row in found.rows("control_results")
        if row["outcome"] == "insufficient-evidence" or row["insufficient"]
    }  # fmt: skip
    assert set(rows) == wanted
    assert "pipeledger record" in " ".join(row[5] for row in rows.values())
    for row in found.rows("control_results"):
        if not is_built(row["test"]):
            assert rows[row["test"]][1].startswith("not evaluated: this test is not built")
            assert "pipeledger" not in rows[row["test"]][5]


def test_the_method_and_the_proof_are_on_the_page(found: Assessment, page: Element) -> None:
    """What the outcomes mean, by which catalogue and rules, of whom, on what."""
    text = page.text
    for one in OUTCOMES:
        assert one.meaning in text
    for digest in (found.catalogue.digest, found.proof.digest, found.proof.root):
        assert digest in text
    assert table_of(page, "Who told").rows()[0][0] == "https://ci.example/acme"
    parameters = {row[0].split()[0]: row[3] for row in table_of(page, "Tests, what they").rows()}
    assert "approval_max_age_days 14" in parameters["CHG-02"]


def test_what_nobody_signed_says_so_first(page: Element) -> None:
    """Before any number."""
    (header,) = page.all("header")
    assert "Nobody signed this." in header.text


def test_it_is_the_same_for_the_same_state(raw: bytes, tmp_path: Path) -> None:
    """To the byte."""
    with judged(shop(), tmp_path, FRAMEWORKS) as again:
        assert write_report(again) == raw


def test_nothing_is_loaded_and_nothing_can_run(raw: bytes, page: Element) -> None:
    """No script, no style but its own, whose digest the page's own policy names; no address."""
    assert page.all("script", "link", "iframe", "img", "object", "form", "base") == []
    (style,) = page.all("style")
    content = re.search(rb"<style>(.*?)</style>", raw, re.DOTALL)
    assert content is not None
    assert "".join(one for one in style.inner if isinstance(one, str)).encode() == content[1]
    digest = b64encode(sha256(content[1]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert POLICY.startswith("default-src 'none';")
    (policy,) = (one for one in page.all("meta") if "http-equiv" in one.attributes)
    assert policy.attributes["content"] == POLICY
    for element in page.all():
        told = element.attributes
        assert not [name for name in told if name.startswith("on") or name == "style"]
        assert told.get("href", "#").startswith("#")
        assert "src" not in told
    assert b"url(" not in content[1]
    assert b"@import" not in content[1]


def test_hostile_names_are_text(page: Element, raw: bytes) -> None:
    """Service, deployment: they are read, and are neither markup nor template."""
    assert HOSTILE in page.text
    assert b"<script" not in raw
    assert b"{{7*7}}" in raw


def test_it_can_be_read_without_eyes(page: Element) -> None:
    """A language, a title, one heading after the other, captions, scopes, a way past the top."""
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    assert page.all("title")[0].text
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.all("table"):
        assert table.all("caption")
        assert all(one.attributes.get("scope") in {"col", "row"} for one in table.all("th"))
        width = len(table.all("thead")[0].all("th"))
        assert all(len(row) == width for row in table.rows())
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    anchors = [one.attributes["href"][1:] for one in page.all("a")]
    assert anchors[0] == "content"
    assert set(anchors) <= set(ids)
    for region in page.all():
        if "tabindex" in region.attributes:
            assert region.attributes["role"] == "region"
            assert region.attributes["aria-label"]
    for drawing in page.all("svg"):
        assert (drawing.attributes["role"], bool(drawing.attributes["aria-label"])) == ("img", True)


def test_more_items_than_a_page_takes_are_counted_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each test shows some of its violations, and the page says how many it does not show."""
    told = shop()
    for number in range(40):
        told.deploy(f"more-{number}", "04-10T10:00", f"content-{number}")
    wanted = [
        one if one.table != "control_shown" else
        type(one)(one.table, order=one.order, limit=10) for one in assessment._WANTED
    ]  # fmt: skip
    monkeypatch.setattr(assessment, "_WANTED", tuple(wanted))
    with judged(told, tmp_path, ("NIST-800-53r5",)) as found:
        report = Report(found)
        shown = report.items("violated", "excepted")
        results = found.rows("control_results")
        text = read_page(write_report(found)).text
    assert len(shown) == 10
    all_of_them = sum(row["violated"] + row["excepted"] for row in results)
    assert all_of_them > 42
    assert {row["test"] for row in shown} == {row["test"] for row in results if row["violated"]}
    assert f"{all_of_them - 10} more are counted above" in text


def test_of_a_ledger_that_says_nothing_of_them_no_control_is_satisfied_by_silence(
    tmp_path: Path,
) -> None:
    """One alert: what is satisfied was judged by items, and the rest is open."""
    silent = Shop()
    silent.say("alert.fired", "03-01T10:00", fingerprint="x")
    with judged(silent, tmp_path, tuple(built_in().frameworks)) as found:
        page = read_page(write_report(found))
        rows = found.rows("control_outcomes")
    assert all(row["population"] for row in rows if row["outcome"] == "satisfied")
    assert sum(row["outcome"] == "insufficient-evidence" for row in rows) > len(rows) / 2
    assert "No judged item violates a rule, and none is excepted." in page.text
    assert "No waiver held" in page.text
