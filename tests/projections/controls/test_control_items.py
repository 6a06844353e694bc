"""What all tests of controls have in common: waivers, voids, narrowing, what they come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from projections.asked_controls import asked_controls, asked_tests
from projections.catalogue import Control, Framework, built_in
from tests.projections.controls.judging import REPOSITORY, Shop, digest, full_items, items, result
from tests.projections.story import viewing

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-02"


def unapproved(shop: Shop) -> None:
    """A ledger that knows of approvals, but not of one for what is deployed."""
    shop.approve("a1", "02-01T10:00", "other", service="other")
    for number in range(1, 5):
        shop.deploy(f"d{number}", f"03-0{number}T11:00", f"content {number}")


def test_a_waiver_excepts_while_it_holds_and_what_it_is_for(tmp_path: Path) -> None:
    """The instant before it begins, its end, another test, another service: no excuse."""
    shop = Shop()
    unapproved(shop)
    shop.waive("w1", "03-02T10:00", TEST, until="03-03T11:00")
    shop.waive("w2", "03-01T10:00", "CHG-03", until="03-30T11:00")
    shop.waive("w3", "03-01T10:00", TEST, until="03-30T11:00", services=["other"])
    shop.waive("w4", "03-01T10:00", TEST, until="03-30T11:00", artifacts=[digest("content 4")])
    shop.waive("w5", "03-01T10:00", TEST, until="03-30T11:00", fingerprints=["f"])
    assert items(shop, tmp_path, TEST) == {
        "d1": ("violated", "no approval"),
        "d2": ("excepted", "waived: no approval"),
        "d3": ("violated", "no approval"),
        "d4": ("excepted", "waived: no approval"),
    }
    rows = {row["item_key"].split()[-1]: row for row in full_items(shop, tmp_path, TEST)}
    assert [rows[name]["waivers"] for name in ("d1", "d2", "d4")] == [[], ["w1"], ["w4"]]
    assert len(rows["d2"]["positions"]) == len(rows["d1"]["positions"]) + 1


def test_a_revoked_waiver_excepts_no_more(tmp_path: Path) -> None:
    """From when it was revoked."""
    shop = Shop()
    unapproved(shop)
    shop.waive("w1", "03-01T10:00", TEST, until="03-30T11:00")
    shop.say("waiver.revoked", "03-02T12:00", waiver="w1", assurance="decided")
    outcomes = {name: outcome for name, (outcome, _) in items(shop, tmp_path, TEST).items()}
    assert outcomes == {
        "d1": "excepted", "d2": "excepted", "d3": "violated", "d4": "violated",
    }  # fmt: skip


def test_what_was_voided_is_listed_as_excepted(tmp_path: Path) -> None:
    """A violation that somebody takes out of the count stays in sight."""
    shop = Shop()
    unapproved(shop)
    voided = shop.deploy("d5", "03-05T11:00", "content 5")
    voiding = shop.say(
        "event.voided",
        "03-06T10:00",
        position=voided,
        assurance="decided",
        reason="counted by mistake",
    )
    (row,) = [one for one in full_items(shop, tmp_path, TEST) if one["item_key"].endswith("d5")]
    assert (row["outcome"], row["reason"]) == ("excepted", "voided")
    assert row["positions"] == [voided, voiding]


def test_whatever_a_population_is_of_is_listed_when_it_was_voided(tmp_path: Path) -> None:
    """Failures, emergencies, decisions, pushes, protections, snapshots and comparisons."""
    shop = Shop()
    told = {
        "CHG-09": shop.deploy("d1", "03-01T10:00", "a", outcome="failure", impact=True),
        "CHG-06": shop.say("emergency.declared", "03-01T10:00", emergency="e1", reason="r",
                           assurance="decided"),
        "POL-01": shop.say("policy.evaluated", "03-01T10:00", policy="p", decision="deny"),
        "CHG-04": shop.say("ref.updated", "03-01T10:00", repository=REPOSITORY, protected=True,
                           ref="refs/heads/main", forced=True),
        "CHG-10": shop.say("runtime.snapshot", "03-01T10:00", environment="production",
                           system="kubernetes", running=[{"service": "shop"}]),
        "CHG-11": shop.say("reconciliation.finished", "03-01T10:00", evidence="r1", unexplained=1),
    }  # fmt: skip
    told_aside = shop.say(
        "ref.updated", "03-01T10:00", repository=REPOSITORY, ref="refs/heads/aside"
    )
    shop.say("event.voided", "03-02T10:00", position=told_aside, reason="r", assurance="decided")
    shop.deploy("d2", "03-01T10:00", "a")
    voids = {
        test: shop.say(
            "event.voided", "03-02T10:00", position=position, reason="r", assurance="decided"
        )
        for test, position in told.items()
    }
    voids["of a success"] = shop.say(
        "event.voided",
        "03-02T10:00",
        position=min(voids.values()) - 1,
        reason="r",
        assurance="decided",
    )
    with viewing(shop, tmp_path, controls=asked_tests(built_in(), told)) as view:
        rows = view.table("control_items").to_pylist()
    found = [(row["test"], row["positions"]) for row in rows if row["reason"] == "voided"]
    expected = [(test, [position, voids[test]]) for test, position in told.items()]
    of_all_deployments = [
        ("POL-01", [told["CHG-09"], voids["CHG-09"]]),
        ("POL-01", [min(voids.values()) - 1, voids["of a success"]]),
    ]
    assert sorted(found) == sorted(expected + of_all_deployments)


def test_a_population_is_narrowed_by_window_and_service(tmp_path: Path) -> None:
    """The window is half-open; what is narrowed away is not counted."""
    shop = Shop()
    unapproved(shop)
    shop.deploy("d5", "03-02T12:00", "content 5", service="other")
    rows = {row["item_key"].split()[-1]: row for row in full_items(shop, tmp_path, TEST)}
    window = {
        "window_from": rows["d2"]["occurred_at"], "window_to": rows["d3"]["occurred_at"],
    }  # fmt: skip
    assert set(items(shop, tmp_path, TEST, **window)) == {"d2", "d5"}
    found = result(shop, tmp_path, TEST, **window, service="other")
    assert (found["outcome"], found["population"], found["violated"]) == ("violated", 1, 1)


def test_what_claims_to_happen_later_is_in_the_window_in_which_it_was_recorded(
    tmp_path: Path,
) -> None:
    """Neither deployments, pushes, decisions nor incidents can be dated out of every window."""
    shop = Shop()
    later, then = "12-30T10:00", "03-01T10:00"
    told = {
        "CHG-02": shop.deploy("d1", later, "a", recorded=then),
        "CHG-04": shop.say("ref.updated", later, then, repository=REPOSITORY, protected=True,
                           ref="refs/heads/main", forced=True),
        "POL-01": shop.say("policy.evaluated", later, then, policy="p", decision="deny"),
        "PRV-02": shop.say("release.created", later, then, service="shop", version="1"),
        "INC-01": shop.say("incident.opened", then, incident="i1",
                           started_at="2026-12-30T10:00:00Z"),
        "INC-02": shop.say("incident.assessed", then, incident="i1", notifiable=True,
                           aware_at="2026-12-30T10:00:00Z"),
    }  # fmt: skip
    weakened = shop.say("protection.changed", later, then, repository=REPOSITORY,
                        ref="refs/heads/main", weakened=True)  # fmt: skip
    voided = shop.deploy("d2", later, "b", recorded=then)
    shop.say("event.voided", "03-02T10:00", position=voided, reason="r", assurance="decided")
    window = {
        "window_from": datetime(2026, 2, 1, tzinfo=UTC),
        "window_to": datetime(2026, 4, 1, tzinfo=UTC),
    }  # fmt: skip
    with viewing(shop, tmp_path, controls=asked_tests(built_in(), told), **window) as view:
        rows = view.table("control_items").to_pylist()
    found = {(row["test"], position) for row in rows for position in row["positions"]}
    assert {*told.items(), ("CHG-04", weakened), ("CHG-02", voided)} <= found


def test_one_item_decides_and_none_is_no_pass(tmp_path: Path) -> None:
    """Violated before insufficient before excepted before satisfied; empty is never satisfied."""
    shop = Shop()
    assert shop.deploy("d0", "01-01T11:00", "z", environment="staging")
    assert result(shop, tmp_path, TEST)["outcome"] == "insufficient-evidence"
    assert result(shop, tmp_path, TEST, empty="not-applicable")["outcome"] == "not-applicable"
    shop.approve("a1", "03-01T10:00", "a")
    shop.deploy("d1", "03-01T11:00", "a")
    assert result(shop, tmp_path, TEST)["outcome"] == "satisfied"
    shop.approve("a2", "03-02T10:00", "b", assurance="asserted")
    shop.deploy("d2", "03-02T11:00", "b")
    assert result(shop, tmp_path, TEST)["outcome"] == "insufficient-evidence"
    shop.deploy("d3", "03-03T11:00", "c")
    assert result(shop, tmp_path, TEST) == {
        "test": TEST, "variant": "default", "outcome": "violated", "reason": None,
        "population": 3,
        "satisfied": 1, "violated": 1, "excepted": 0, "insufficient": 1, "not_applicable": 0,
        "parameters": '{"approval_max_age_days":14,"allow_policy_auto_approval":false,'
        '"least_assurance":"observed"}',
    }  # fmt: skip


def test_an_empty_ledger_of_deliveries_makes_nothing_not_applicable(tmp_path: Path) -> None:
    """That nothing was deployed may as well mean that nothing was told."""
    shop = Shop()
    shop.build("03-01T09:00", "a", "1")
    found = result(shop, tmp_path, TEST, empty="not-applicable")
    assert found["outcome"] == "insufficient-evidence"
    assert found["reason"] == "nothing to judge, and no deployment is known at all"


def test_a_test_that_is_not_built_leaves_its_controls_open(tmp_path: Path) -> None:
    """And says so: nobody looked, whatever the catalogue says of nothing to judge."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a")
    shop.deploy("d1", "03-05T11:00", "a")
    ours = msgspec.structs.replace(built_in().tests[TEST], empty="not-applicable")
    control = Control("C1", "Ours", "direct", [TEST, "OUR-01"])
    catalogue = replace(
        built_in(), tests=dict(built_in().tests) | {"OUR-01": ours},
        frameworks={"OURS": Framework("OURS", "", "", "own", [control])},
    )  # fmt: skip
    with viewing(shop, tmp_path, controls=asked_controls(catalogue, [("OURS", control)])) as view:
        rows = {row["test"]: row for row in view.table("control_results").to_pylist()}
        (outcome,) = view.table("control_outcomes").to_pylist()
    assert rows["OUR-01"]["outcome"] == "insufficient-evidence"
    assert rows["OUR-01"]["reason"] == "not evaluated: this test is not built"
    assert (rows[TEST]["outcome"], rows[TEST]["reason"]) == ("satisfied", None)
    assert (outcome["outcome"], outcome["not_built"]) == ("insufficient-evidence", ["OUR-01"])
    assert (outcome["title"], outcome["verification"], outcome["place"]) == ("Ours", "own", 1)


def test_controls_ask_one_test_with_their_own_parameters(tmp_path: Path) -> None:
    """A set of parameters is made once; the worst test decides a control."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a")
    shop.deploy("d1", "03-05T11:00", "a")

    def control(name: str, days: int | None) -> Control:
        changed = {} if days is None else {TEST: {"approval_max_age_days": days}}
        return Control(name, "", "direct", [TEST], parameters=changed)

    wanted = [control("plain", None), control("strict", 3), control("same", 14)]
    ours = Framework("OURS", "", "", "own", wanted)
    catalogue = replace(built_in(), frameworks={"OURS": ours})
    asked = asked_controls(catalogue, [("OURS", one) for one in wanted])
    with viewing(shop, tmp_path, controls=asked) as view:
        rows = view.table("control_results").to_pylist()
        outcomes = {row["control"]: row for row in view.table("control_outcomes").to_pylist()}
    assert {(row["test"], row["variant"]): row["outcome"] for row in rows} == {
        (TEST, "default"): "satisfied", (TEST, "OURS strict"): "violated",
    }  # fmt: skip
    assert {name: row["outcome"] for name, row in outcomes.items()} == {
        "plain": "satisfied", "strict": "violated", "same": "satisfied",
    }  # fmt: skip
    assert outcomes["strict"]["tests"] == [f"{TEST} violated"]
