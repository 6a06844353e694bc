"""Helm's answers become the right deployments, rollbacks above all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.registry import read_report
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door


def _row(number: int, status: str, description: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "revision": number, "updated": f"2026-01-0{number}T10:00:00.5+01:00", "status": status,
        "chart": "till-web-1.2.3", "app_version": "4.5", "description": description,
    } | more  # fmt: skip


def _release(status: str, description: str, **info: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "name": "shop", "namespace": "production", "version": 3, "manifest": "",
        "info": {"first_deployed": "2026-01-01T10:00:00Z", "deleted": "",
                 "last_deployed": "2026-01-03T10:00:00.123456789Z", "status": status,
                 "description": description, **info},
    }  # fmt: skip


def _read(value: object, **told: str) -> list[dict[str, Any]]:
    report = read_report(json.dumps(value).encode())
    assert report.format.name == "helm"
    found = []
    for reading in report.readings:
        # A history names neither release nor namespace; whoever sends it does.
        reading.data.update({name: reading.data.get(name, value) for name, value in told.items()})
        through_door(reading)
        found.append(reading.data | {"type": reading.type[11:-3], "time": reading.time})
    return found


def test_a_history_is_a_line_of_deployments() -> None:
    """With the failure, the rollback, and what it took and brought back."""
    found = _read([
        _row(1, "superseded", "Install complete"),
        _row(2, "superseded", "Upgrade complete"),
        _row(3, "failed", 'Upgrade "shop" failed: timed out waiting for the condition'),
        _row(4, "deployed", "Rollback to 2"),
    ], environment="production")  # fmt: skip
    assert [(one["outcome"], one["kind"]) for one in found] == [
        ("success", "planned"), ("success", "planned"), ("failure", "planned"),
        ("success", "rollback"),
    ]  # fmt: skip
    second, third, last = found[1:]
    assert (last["rolls_back"], last["restores"]) == (third["deployment"], second["deployment"])
    assert last["reported_outcome"] == "deployed"
    assert (last["time"], last["deployment"]) == (
        "2026-01-04T10:00:00.5+01:00", "till-web.v4@2026-01-04T10:00:00.5+01:00",
    )  # fmt: skip
    assert (last["service"], last["service_basis"], last["release"]) == ("till-web", "chart", "4.5")
    assert last["artifacts"] == [{"name": "till-web", "purl": "pkg:helm/till-web@1.2.3"}]
    assert all("rolls_back" not in one and "actor" not in one for one in found[:3])


@pytest.mark.parametrize(
    ("status", "description", "kind", "outcome", "why"),
    [
        ("deployed", "Install complete", "deployment.finished", "success", "planned"),
        ("DEPLOYED", "Upgrade complete", "deployment.finished", "success", "planned"),
        ("superseded", "Upgrade complete", "deployment.finished", "success", "planned"),
        ("superseded", 'Upgrade "shop" failed: x', "deployment.finished", "failure", "planned"),
        ("deployed", "Rollback to 1", "deployment.finished", "success", "rollback"),
        ("failed", 'Rollback "shop" failed: x', "deployment.finished", "failure", "rollback"),
        ("failed", 'Release "shop" failed: x', "deployment.finished", "failure", None),
        ("failed", 'Release "shop" failed, and has been uninstalled due to atomic being set: x',
         "deployment.finished", "failure", None),
        ("pending-install", "Initial install underway", "deployment.started", None, "planned"),
        ("pending-upgrade", "Preparing upgrade", "deployment.started", None, "planned"),
        ("pending-rollback", "Rollback to 1", "deployment.started", None, "rollback"),
        ("deployed", "Rollback to stable, says mia", "deployment.finished", "success", None),
        ("uninstalled", "Uninstallation complete", "deployment.progressed", None, None),
        ("uninstalling", "Deletion in progress", "deployment.progressed", None, None),
    ],
)  # fmt: skip
def test_a_status_is_what_helm_means_by_it(
    status: str, description: str, kind: str, outcome: str | None, why: str | None
) -> None:
    """And a description that somebody wrote does not make a rollback."""
    (found,) = _read(_release(status, description))
    assert (found["type"], found.get("outcome"), found.get("kind")) == (kind, outcome, why)
    assert found["reported_outcome"] == status
    assert found.get("kind_basis") == ("description" if why else None)


def test_the_kind_of_a_pending_revision_may_be_its_status_alone() -> None:
    """Whatever somebody described it with."""
    (found,) = _read(_release("pending-upgrade", "by mia"))
    assert (found["kind"], found["kind_basis"]) == ("planned", "status")
    assert found["deployment"] == "production/shop.v3@2026-01-03T10:00:00.123456789Z"
    assert (found["service"], found["environment"]) == ("shop", "production")
    assert (found["service_basis"], found["environment_basis"]) == ("release", "namespace")


def test_what_somebody_wrote_is_a_reason() -> None:
    """A free text, sealed as such; an error message is none."""
    (found,) = _read(_release("deployed", "for the spring sale"))
    assert found["reason"] == "for the spring sale"
    assert "reason" not in _read(_release("failed", "who knows what"))[0]
    assert "reason" not in _read(_release("deployed", "Rollback to 2"))[0]


def test_a_release_went_when_it_was_deleted_and_not_when_it_was_deployed() -> None:
    """A history does not say when."""
    (found,) = _read(_release("uninstalled", "", deleted="2026-02-01T00:00:00Z"))
    assert found["time"] == "2026-02-01T00:00:00Z"
    (found,) = _read([_row(1, "uninstalled", "Uninstallation complete")], environment="x")
    assert found["time"] is None


@pytest.mark.parametrize(
    ("status", "description"), [("unknown", ""), ("pending-install", "Dry run complete")]
)
def test_what_helm_does_not_know_or_did_not_do_is_no_fact(status: str, description: str) -> None:
    """A rehearsal is no deployment."""
    assert _read(_release(status, description)) == []


def test_lists_and_metadata_tell_the_newest_revision_of_releases() -> None:
    """In a list the revision is a text, and the time as Go prints it."""
    listed = [
        {"name": name, "namespace": "production", "revision": "12", "status": "deployed",
         "updated": updated, "chart": "till-web-v1.2.3-rc.1", "app_version": ""}
        for name, updated in (("b", "2026-01-02 10:00:00.123456789 +0000 UTC"),
                              ("a", "2026-01-02 10:00:00 +0100 CET"))
    ]  # fmt: skip
    found = _read(listed)
    assert [one["service"] for one in found] == ["a", "b"]
    assert found[1]["deployment"] == "production/b.v12@2026-01-02T10:00:00.123456789Z"
    assert found[0]["artifacts"][0]["purl"] == "pkg:helm/till-web@v1.2.3-rc.1"
    assert "release" not in found[0]
    (last,) = _read({
        "name": "shop", "chart": "till", "version": "1.0.0", "appVersion": "9", "revision": 2,
        "namespace": "production", "status": "failed", "deployedAt": "2026-01-02T10:00:00Z",
    })  # fmt: skip
    assert (last["outcome"], last["release"]) == ("failure", "9")


def test_a_list_and_a_status_tell_of_one_deployment() -> None:
    """What the one prints as `+0000 UTC` the other writes as Z."""
    status = _release("deployed", "Upgrade complete")
    listed = {"name": "shop", "namespace": "production", "revision": "3", "status": "deployed",
              "updated": "2026-01-03 10:00:00.123456789 +0000 UTC", "chart": "till-web-1.2.3",
              "app_version": "4.5"}  # fmt: skip
    ids = {one["deployment"] for told in (status, [listed]) for one in _read(told)}
    assert ids == {"production/shop.v3@2026-01-03T10:00:00.123456789Z"}


def test_times_of_version_2_are_local() -> None:
    """They name no zone."""
    report = read_report(json.dumps([
        _row(1, "DEPLOYED", "Install complete", updated="Mon Oct  3 10:15:13 2016"),
    ]).encode())  # fmt: skip
    assert report.readings[0].local_time == "Mon Oct  3 10:15:13 2016"


def test_no_value_and_no_manifest_gets_into_a_fact() -> None:
    """Nor a note, a hook, a label, or what an error says."""
    secret = "planted-5ecret"
    release = _release("failed", f'Upgrade "shop" failed: {secret}', notes=secret,
                       resources={"v1/Secret": [secret]})  # fmt: skip
    release |= {
        "config": {"password": secret}, "manifest": f"data: {secret}", "labels": {"x": secret},
        "hooks": [{"manifest": secret}],
        "chart": {"metadata": {"name": "till", "version": "1.0.0", "annotations": {"a": secret}},
                  "values": {"p": secret}, "templates": [{"data": secret}]},
    }  # fmt: skip
    found = _read(release)
    assert found[0]["artifacts"][0]["name"] == "till"
    assert secret not in json.dumps(found)
    assert secret not in json.dumps(_read([_row(1, "failed", secret)], environment="x"))


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    history = [_row(1, "superseded", "Install complete"), _row(2, "deployed", "Rollback to 1")]
    for value in (history, _release("deployed", "Rollback to 2")):
        check_damaged(json.dumps(value).encode(), 200)
