"""What controls came to as an OSCAL document: the same facts, in OSCAL's words alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from domain.errors import NotFoundError, SettingError
from exporters.assessment import frameworks_of
from exporters.oscal import NAMESPACE, _even, write_oscal
from exporters.oscal_checks import METHODS, check_document, problems
from projections.asked_controls import is_built
from projections.catalogue import built_in
from tests.exporters.judged import HOSTILE, judged, shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from projections.catalogue import Catalogue

EVERY = tuple(built_in().frameworks)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of all frameworks."""
    return _document(tmp_path_factory.mktemp("oscal"), EVERY)


def _document(folder: Path, frameworks: tuple[str, ...], **chosen: Any) -> dict[str, Any]:  # noqa: ANN401
    with judged(shop(), folder, frameworks, **chosen) as assessment:
        found: dict[str, Any] = json.loads(write_oscal(assessment))
    return found


def _results(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = document["assessment-results"]["results"]
    return {_props(one)["framework"][0]: one for one in found}


def _props(one: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for prop in one["props"]:
        assert prop["ns"] == NAMESPACE
        found.setdefault(prop["name"], []).append(prop["value"])
    return found


def _observation(result: dict[str, Any], test: str) -> dict[str, Any]:
    (found,) = (one for one in result["observations"] if _props(one)["test"] == [test])
    return dict(found)


def test_each_framework_is_a_result_and_each_control_a_finding(told: dict[str, Any]) -> None:
    """By the catalogue's identifiers, which are tokens; none is missing, none twice."""
    results = _results(told)
    assert list(results) == list(EVERY)
    for name, framework in built_in().frameworks.items():
        ids = [one.oscal_id or one.id for one in framework.controls]
        assert [one["target"]["target-id"] for one in results[name]["findings"]] == ids
        (chosen,) = results[name]["reviewed-controls"]["control-selections"]
        assert [one["control-id"] for one in chosen["include-controls"]] == ids


def test_a_control_is_satisfied_where_it_is_and_nowhere_else(told: dict[str, Any]) -> None:
    """Violated, excepted, not applicable and open are not satisfied, and say which."""
    reasons = {"satisfied": "pass", "violated": "fail"}
    for result in _results(told).values():
        for finding in result["findings"]:
            (outcome,) = _props(finding)["outcome"]
            assert finding["target"]["status"]["state"] == (
                "satisfied" if outcome == "satisfied" else "not-satisfied"
            )
            assert finding["target"]["status"]["reason"] == reasons.get(outcome, "other")
    findings = _results(told)["NIST-800-53r5"]["findings"]
    outcomes = {_props(one)["control"][0]: _props(one)["outcome"][0] for one in findings}
    assert outcomes["CM-3"] == "violated"


def test_a_test_is_an_observation_of_its_whole_population(told: dict[str, Any]) -> None:
    """With the counts, the reasons, and the entries behind each item that is listed."""
    seen = _observation(_results(told)["SOC2-TSC-2017r2022"], "CHG-02")
    props = _props(seen)
    assert {name: props[name] for name in ("population", "satisfied", "violated", "excepted")} == {
        "population": ["4"], "satisfied": ["1"], "violated": ["2"], "excepted": ["1"],
    }  # fmt: skip
    assert "satisfied: approved (1)" in props["reason"]
    assert "violated: no approval (1)" in props["reason"]
    items = {_props(one)["item"][0].split()[-1]: _props(one) for one in seen["relevant-evidence"]}
    assert items["approved"]["positions"] == ["1 2"]
    assert items["waived"]["waiver"] == ["w-1"]
    assert items["waived"]["outcome"] == ["excepted"]
    assert items["unapproved"]["occurred-at"] == ["2026-04-02T10:00:00Z"]
    assert len(items) == 4
    assert set(seen["methods"]) <= METHODS


def test_what_is_not_evaluated_says_so_and_is_no_pass(told: dict[str, Any]) -> None:
    """A test of the catalogue that this version does not judge leaves its controls open."""
    for result in _results(told).values():
        for seen in result["observations"]:
            props = _props(seen)
            if not is_built(props["test"][0]):
                (reason,) = props["reason"]
                assert reason == "insufficient-evidence: not evaluated: this test is not built"
                assert props["outcome"] == ["insufficient-evidence"]


def test_a_second_export_of_the_same_state_is_the_same(tmp_path: Path) -> None:
    """To the byte; another window or an earlier state has other identifiers."""
    first = _document(tmp_path / "1", ("SLSA",))
    assert first == _document(tmp_path / "2", ("SLSA",))
    early = _document(tmp_path / "3", ("SLSA",), known_at="3")
    assert early["assessment-results"]["uuid"] != first["assessment-results"]["uuid"]
    assert early["assessment-results"]["metadata"]["version"] == "3"
    assert early["assessment-results"]["metadata"]["last-modified"] == "2026-04-02T10:00:01Z"


def test_every_identifier_is_of_version_5_and_every_array_has_something(
    told: dict[str, Any],
) -> None:
    """And every instant has an offset, and no line has a break."""
    text = json.dumps(told)
    uuids = re.findall(r'"uuid": "([^"]+)"', text)
    assert len(uuids) == len(set(uuids)) > 100
    assert all(one[14] == "5" and one[19] in "89ab" for one in uuids)
    assert all(_values(told))
    assert list(problems(told)) == []


def _values(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    yield value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _values(one)


def test_the_plan_and_the_ledger_are_resources_that_are_referred_to(told: dict[str, Any]) -> None:
    """The plan by its digest; evidence refers to the ledger, whose root is there."""
    whole = told["assessment-results"]
    resources = {one["uuid"]: one for one in whole["back-matter"]["resources"]}
    plan = resources[whole["import-ap"]["href"].removeprefix("#")]
    digest = built_in().digest.removeprefix("sha256:")
    assert plan["rlinks"][0]["hashes"] == [{"algorithm": "SHA-256", "value": digest}]
    seen = _observation(_results(told)["NIST-800-53r5"], "CHG-02")
    ledger = resources[seen["relevant-evidence"][0]["href"].removeprefix("#")]
    assert _props(ledger)["root"] == _props(whole["metadata"])["root"]
    assert _props(whole["metadata"])["signed"] == ["no"]
    assert "nobody signed it" in ledger["description"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one["results"][0]["findings"][0]["related-observations"].append(
            {"observation-uuid": "00000000-0000-5000-8000-000000000000"}), "refers to nothing"),
        (lambda one: one["results"][0]["observations"][0].update(methods=["GUESS"]), "no method"),
        (lambda one: one["results"][0].update(findings=[]), "findings: empty"),
        (lambda one: one["results"][0].update(start="2026-03-01T00:00:00"), "start: not allowed"),
        (lambda one: one["results"][0]["findings"][0]["target"].update({"target-id": "6.5.1"}),
         "target-id: not allowed"),
        (lambda one: one["results"][0]["findings"][0]["target"]["status"].update(state="open"),
         "state: not allowed"),
        (lambda one: one.update(uuid=one["results"][0]["uuid"]), "identifier twice"),
        (lambda one: one["import-ap"].update(href="#nowhere"), "refers to nothing"),
        (lambda one: one["metadata"].update(title="two\nlines"), "title: not allowed"),
    ],
)  # fmt: skip
def test_a_document_that_breaks_a_rule_is_not_written(
    told: dict[str, Any],
    change: Any,  # noqa: ANN401 - a function
    said: str,
) -> None:
    """The place is named."""
    broken = json.loads(json.dumps(told))
    change(broken["assessment-results"])
    with pytest.raises(SettingError, match=said):
        check_document(broken)


def test_an_id_that_oscal_cannot_hold_is_refused_by_name(tmp_path: Path) -> None:
    """An organisation's own control without a token."""
    with (
        judged(shop(), tmp_path, ("SLSA",), _with_control_id("6.5.1 b")) as assessment,
        pytest.raises(SettingError, match=r"control-id: not allowed here: '6\.5\.1 b'"),
    ):
        write_oscal(assessment)


def _with_control_id(name: str) -> Catalogue:
    known = built_in()
    framework = known.frameworks["SLSA"]
    first = msgspec.structs.replace(framework.controls[0], id=name, oscal_id="")
    changed = msgspec.structs.replace(framework, controls=[first, *framework.controls[1:]])
    return replace(known, frameworks={**known.frameworks, "SLSA": changed})


def test_hostile_names_are_text_on_one_line(told: dict[str, Any]) -> None:
    """Nothing is taken for markup or cut off."""
    seen = _observation(_results(told)["NIST-800-53r5"], "CHG-02")
    assert any(HOSTILE in one["description"] for one in seen["relevant-evidence"])


def test_an_unknown_framework_names_those_that_there_are() -> None:
    """And none chosen are all of them."""
    with pytest.raises(NotFoundError, match="there are CIS-Benchmark, "):
        frameworks_of(built_in(), ["nosuch"])
    assert [one.framework for one in frameworks_of(built_in(), [])] == list(EVERY)


@pytest.mark.parametrize(
    ("wanted", "most", "each"),
    [([3, 4], 10, 10), ([3, 9], 10, 7), ([100, 100, 2], 10, 4), ([5] * 20, 10, 1), ([], 10, 10)],
)
def test_a_document_lists_some_items_of_every_test(wanted: list[int], most: int, each: int) -> None:
    """Whoever has few lists all of them; the others share what is left."""
    assert _even(wanted, most) == each


def test_what_a_document_does_not_list_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each observation says how many items of its population are not in it."""
    monkeypatch.setattr("exporters.oscal.SHOWN", 6)
    for result in _results(_document(tmp_path, ("NIST-800-53r5", "SOC2-TSC-2017r2022"))).values():
        for seen in result["observations"]:
            props = _props(seen)
            listed = len(seen.get("relevant-evidence", []))
            assert int(props["items-not-listed"][0]) == int(props["population"][0]) - listed
            assert bool(listed) == (props["population"] != ["0"])
