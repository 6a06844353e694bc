"""CHG-10: did every snapshot show exactly what was deployed last?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, Shop, digest, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-10"
AS_DEPLOYED = ("satisfied", "runs what was deployed last")
NEVER = ("violated", "runs what was never deployed there")
OTHER = ("violated", "runs something else than was deployed last")


class Runtime(Shop):
    """Environments of production that are called after their cases."""

    def ship(self, name: str, time: str, *contents: str, **more: Any) -> None:  # noqa: ANN401
        """A deployment of the shop to the environment of a case."""
        self.deploy(f"{name} {time}", time, *contents, **{"environment": f"prod-{name}"} | more)

    def look(self, name: str, *contents: str | None, **more: Any) -> None:  # noqa: ANN401
        """What is seen running there at noon of 1 March."""
        running = more.pop("running", [
            {"service": "shop", "digest": digest(one) if one else None} for one in contents
        ])  # fmt: skip
        data: dict[str, Any] = {
            "environment": f"prod-{name}", "system": "kubernetes", "complete": True,
            "running": [{key: one for key, one in row.items() if one} for row in running],
        } | more  # fmt: skip
        self.say("runtime.snapshot", data.pop("time", "03-01T12:00"), **data)


def found(shop: Shop, folder: Path, kind: str, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What came of snapshots, or of environments, by the case's name."""
    return {
        row["environment"].removeprefix("prod-"): (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, changed)
        if row["item"] == kind
    }


def test_what_runs_is_what_was_deployed_last(tmp_path: Path) -> None:
    """And each way in which it is not, or cannot be told."""
    shop = Runtime()
    for name in ("same", "older", "beside", "sneaked-in", "partly", "without-digest",
                 "undated", "empty", "later-recorded", "observed"):  # fmt: skip
        shop.ship(name, "03-01T10:00", "old")
        shop.ship(name, "03-01T11:00", "new", *(["more"] if name == "partly" else []))
    shop.look("same", "new", "new")
    shop.look("older", "old")
    shop.look("beside", "new", "old")
    shop.look("sneaked-in", "new", "other")
    shop.look("partly", "new")
    shop.look("without-digest", "new", None)
    shop.look("undated", "new", time_basis="received")
    shop.look("empty")
    shop.look("observed", "new", assurance="observed")
    shop.look("never-deployed", "new")
    shop.ship("made-up-later", "03-01T11:00", "other", recorded="03-01T13:00")
    shop.look("made-up-later", "other")
    shop.look("later-recorded", "new", recorded="03-01T12:30")
    shop.ship("under-way", "03-01T10:00", "old")
    shop.ship("under-way", "03-01T12:30", "new", started_at="2026-03-01T11:30:00Z")
    shop.look("under-way", "old", "new", recorded="03-01T12:00")
    shop.ship("not-yet", "03-01T10:00", "old")
    shop.ship("not-yet", "03-01T12:30", "new", started_at="2026-03-01T12:10:00Z")
    shop.look("not-yet", "new")
    shop.ship("harmed", "03-01T10:00", "old")
    shop.ship("harmed", "03-01T11:00", "new", outcome="failure", impact=True)
    shop.look("harmed", "new")
    settings = {"config": digest("config")}
    shop.ship("configured", "03-01T11:00", "new", **settings)
    shop.look("configured", running=[{"service": "shop", "digest": digest("new"),
                                      "config": digest("config")}])  # fmt: skip
    shop.ship("reconfigured", "03-01T11:00", "new", **settings)
    shop.look("reconfigured", running=[{"service": "shop", "digest": digest("new"),
                                        "config": digest("else")}])  # fmt: skip
    shop.ship("by-revision", "03-01T11:00", commit=sha("1"))
    shop.look("by-revision", running=[{"service": "shop", "revisions": [sha("1")]}])
    shop.ship("by-another-revision", "03-01T11:00", commit=sha("1"))
    shop.look("by-another-revision", running=[{"service": "shop", "revisions": [sha("2")]}])
    shop.ship("by-nothing", "03-01T11:00", commit=sha("1"))
    shop.look("by-nothing", "new")
    assert found(shop, tmp_path, "snapshot") == {
        "same": AS_DEPLOYED,
        "older": OTHER,
        "beside": OTHER,
        "sneaked-in": NEVER,
        "partly": ("insufficient-evidence", "of what was deployed something is not seen"),
        "without-digest": (
            "insufficient-evidence", "something runs of which nobody says the digest",
        ),
        "undated": ("insufficient-evidence", "the snapshot has no time of its own"),
        "empty": ("insufficient-evidence", "nothing was seen running"),
        "observed": AS_DEPLOYED,
        "never-deployed": NEVER,
        "made-up-later": ("insufficient-evidence", "its deployment was recorded afterwards"),
        "later-recorded": AS_DEPLOYED,
        "under-way": AS_DEPLOYED,
        "not-yet": NEVER,
        "harmed": (
            "insufficient-evidence", "a deployment failed there, so nobody knows what it left",
        ),
        "configured": AS_DEPLOYED,
        "reconfigured": ("violated", "runs with another configuration"),
        "by-revision": AS_DEPLOYED,
        "by-another-revision": OTHER,
        "by-nothing": (
            "insufficient-evidence", "what runs and what was deployed cannot be compared",
        ),
    }  # fmt: skip
    strict = found(shop, tmp_path, "snapshot", least_assurance="observed")
    assert strict["observed"] == AS_DEPLOYED
    assert strict["same"] == (
        "insufficient-evidence", "the assurance of the snapshot is too low",
    )  # fmt: skip


def test_an_environment_that_nobody_looks_at_cannot_be_told_of(tmp_path: Path) -> None:
    """A snapshot says something for as long as the organisation says, exactly."""
    shop = Runtime()
    for name in ("fresh", "stale", "never"):
        shop.ship(name, "03-01T11:00", "a")
    shop.look("fresh", "a")
    shop.look("stale", "a", time="03-01T11:59:59")
    shop.commit("last", "03-02T12:00", ANNA, recorded="03-02T12:00")
    assert found(shop, tmp_path, "environment") == {
        "fresh": ("satisfied", "looked at lately"),
        "stale": ("insufficient-evidence", "nobody has looked for too long"),
        "never": ("insufficient-evidence", "nobody has ever looked"),
    }


def test_a_ledger_that_knows_of_no_snapshot_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected what runs it."""
    shop = Runtime()
    shop.ship("one", "03-01T11:00", "a")
    assert found(shop, tmp_path, "environment") == {
        "one": ("insufficient-evidence", "this ledger knows of no snapshot at all")
    }
