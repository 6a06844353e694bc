"""Voiding what a population is of takes it out of no auditor's sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.asked_controls import asked_tests
from projections.catalogue import built_in
from tests.projections.controls.judging import ANNA, BERT, Shop, digest, items
from tests.projections.story import viewing

if TYPE_CHECKING:
    from pathlib import Path

DAY = "03-01T10:00"


def void(shop: Shop, position: int) -> int:
    """What stood at a position counts no more."""
    return shop.say("event.voided", "03-02T10:00", position=position, reason="r",
                    assurance="decided")  # fmt: skip


def test_rights_secrets_waivers_requests_and_their_like_are_listed(tmp_path: Path) -> None:
    """Each of them violates while it counts."""
    shop = Shop()
    weak: dict[str, Any] = {"deficiency": "x", "framework": "OURS", "control": "c1"}
    told = [
        ("ACC-01", shop.say("access.elevated", DAY, target="db", actor=ANNA)),
        ("ACC-03", shop.say("access.granted", DAY, target="db", subject=ANNA)),
        ("ACC-03", shop.say("access.revoked", DAY, target="db", subject=ANNA,
                            requested_at="2026-01-01T00:00:00Z")),
        ("INC-02", shop.say("incident.opened", DAY, incident="i1", category="privacy")),
        ("INC-02", shop.say("incident.assessed", DAY, incident="i2", notifiable=True)),
        ("LOG-04", shop.say("record.disposed", DAY, evidence="e", positions=[1],
                            assurance="decided")),
        ("LOG-06", shop.say("clock.checked", DAY, outcome="failure", offset_s=100)),
        ("MON-01", shop.say("deficiency.opened", DAY, **weak)),
        ("PRI-01", shop.say("erasure.requested", DAY, person=ANNA, assurance="decided")),
        ("PRV-02", shop.say("release.created", DAY, service="shop", version="1",
                            artifacts=[{"digest": digest("a")}])),
        ("SEC-03", shop.say("secret.accessed", DAY, path="p", environment="production")),
        ("SEC-04", shop.scan(DAY, "a", "critical X", kind="secret")),
        ("VUL-02", shop.scan("03-01T11:00", "a", "critical X")),
        ("VUL-03", shop.waive("w1", DAY, "CHG-02", "12-01T10:00", requester=BERT)),
    ]  # fmt: skip
    aside = [
        shop.say("secret.accessed", DAY, path="p", environment="staging"),
        shop.say("access.reviewed", DAY, target="db", reviewer=BERT),
    ]
    shop.deploy("d1", DAY, "z", environment="staging")
    asked = asked_tests(built_in(), dict.fromkeys(test for test, _ in told))
    voids = {position: void(shop, position) for position in [*aside, *(at for _, at in told)]}
    with viewing(shop, tmp_path, controls=asked) as view:
        rows = view.table("control_items").to_pylist()
    found = [(one["test"], one["positions"]) for one in rows if one["reason"] == "voided"]
    # A scan for secrets shows findings as well.
    (secret,) = [at for test, at in told if test == "SEC-04"]
    expected = [*told, ("VUL-02", secret)]
    assert sorted(found) == sorted((test, [at, voids[at]]) for test, at in expected)
    assert {one["outcome"] for one in rows if one["reason"] == "voided"} == {"excepted"}


def test_what_another_event_still_tells_is_judged_and_not_listed(tmp_path: Path) -> None:
    """One of two grants of a waiver, of two reports of a release or weakness."""
    shop = Shop()
    twice: list[tuple[str, dict[str, Any]]] = [
        ("waiver.granted", {"waiver": "w1", "controls": ["CHG-02"], "requester": ANNA,
                            "approver": BERT, "expires": "2026-04-01T00:00:00Z"}),
        ("release.created", {"service": "shop", "version": "1",
                             "artifacts": [{"digest": digest("a")}]}),
        ("deficiency.opened", {"deficiency": "x", "framework": "OURS", "control": "c1"}),
    ]  # fmt: skip
    for kind, data in twice:
        shop.say(kind, DAY, assurance="decided", **data)
        void(shop, shop.say(kind, DAY, assurance="decided", **data))
    for test in ("VUL-03", "PRV-02", "MON-01"):
        assert "voided" not in {reason for _, reason in items(shop, tmp_path, test).values()}


def test_an_environment_called_a_test_afterwards_hides_no_void(tmp_path: Path) -> None:
    """What was deployed to production as it was then is listed."""
    shop = Shop()
    for name in ("live-x", "live-y"):
        position = shop.deploy(name, DAY, "a", environment=name)
        shop.say("environment.registered", "03-01T12:00", environment=name, tier="test",
                 effective_from="2026-01-01T00:00:00Z", assurance="decided")  # fmt: skip
        void(shop, position)
    assert items(shop, tmp_path, "CHG-02") == dict.fromkeys(
        ("live-x", "live-y"), ("excepted", "voided")
    )
