"""LOG-01 and LOG-02: does every event say what it must, and did others see the log?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from domain.events import TYPES
from domain.instant import read_time
from tests.projections.controls.judging import Shop, full_items, items, result
from tests.projections.story import viewing

if TYPE_CHECKING:
    from pathlib import Path

IMPLIED = {"infrastructure.planned", "config.changed", "erasure.requested"}
"""Types that may say how it went, and are what happened all the same."""


def test_what_is_missing_is_an_item_and_what_is_complete_a_type(tmp_path: Path) -> None:
    """Ten thousand complete events are one row."""
    shop = Shop()
    first = shop.build("03-01T10:00", "a", "1")
    shop.build("03-02T10:00", "a", "1")
    last = shop.build("03-03T10:00", "a", "1")
    missing = {
        shop.say("secret.accessed", "03-04T10:00", path="p"): "it does not say how it went",
        shop.say("tests.finished", "03-04T10:00", outcome="success"):
            "it does not say what it is about",
    }  # fmt: skip
    weak = {
        shop.build("03-05T10:00", "a", "1", time_basis="received"):
            "it says only when it was received",
        shop.build("03-05T10:00", "a", "1", time_basis="source_local"):
            "it says a time of no known zone",
        shop.build("03-05T10:00", "a", "1", assurance="imported"): "it is too weakly assured",
        (redacted := shop.build("03-05T10:00", "a", "1")): "its bytes were redacted",
    }  # fmt: skip
    shop.redact(redacted)
    found = {
        tuple(row["positions"]): (row["outcome"], row["reason"])
        for row in full_items(shop, tmp_path, "LOG-01")
    }
    assert found.pop((first, last)) == ("satisfied", "complete")
    assert found.pop((redacted + 1,)) == ("satisfied", "complete")
    assert found == {(position,): ("violated", reason) for position, reason in missing.items()} | {
        (position,): ("insufficient-evidence", reason) for position, reason in weak.items()
    }


def test_a_window_is_of_what_was_recorded_in_it(tmp_path: Path) -> None:
    """And of a service what names it."""
    shop = Shop()
    shop.say("secret.accessed", "03-04T10:00", path="p", recorded="03-09T10:00")
    shop.build("03-05T10:00", "a", "1")
    window: dict[str, Any] = {"window_to": read_time("2026-03-08T00:00:00Z", "")}
    assert result(shop, tmp_path, "LOG-01", **window)["outcome"] == "satisfied"
    assert result(shop, tmp_path, "LOG-01", service="shop")["outcome"] == "satisfied"
    assert result(shop, tmp_path, "LOG-01")["outcome"] == "violated"


def test_types_that_must_say_how_it_went_are_those_that_can(tmp_path: Path) -> None:
    """A type of the vocabulary that can say it is in the list, or is listed here."""
    able = {
        name.removeprefix("pipeledger.")
        for name, kind in TYPES.items()
        if {"outcome", "decision", "verdict"}
        & {one.name for one in msgspec.structs.fields(kind.data)}
    }
    with viewing(Shop(), tmp_path) as view:
        rows = view.table("types_with_outcome").to_pylist()
    assert {row["type"].removeprefix("pipeledger.") for row in rows} == able - IMPLIED


def witnessed(shop: Shop, time: str, size: int, **more: Any) -> int:  # noqa: ANN401 - JSON
    """A witness saw the log up to there."""
    return shop.say("checkpoint.witnessed", time, size=size, witness="w",
                    **{"assurance": "observed"} | more)  # fmt: skip


def test_every_entry_has_a_witness_within_the_limit(tmp_path: Path) -> None:
    """From when it was recorded; what a witness could not have seen does not count."""
    seen = ("satisfied", "verified for this answer, and seen by a witness in time")
    late = ("violated", "without a witness for longer than its limit")
    nobody = ("insufficient-evidence", "verified for this answer, but no witness ever saw it")

    def told(shop: Shop) -> tuple[str, str]:
        return items(shop, tmp_path, "LOG-02")["ledger"]

    shop = Shop()
    shop.build("03-01T10:00", "a", "1")
    assert told(shop) == nobody
    witnessed(shop, "03-01T11:00", 99)
    assert told(shop) == nobody
    witnessed(shop, "03-02T10:00", 2)
    # The log rested for days.
    last = shop.build("03-10T10:00", "a", "1", recorded="03-10T10:00")
    assert told(shop) == seen
    witnessed(shop, "03-11T10:00", last, recorded="03-11T10:00", assurance="decided")
    shop.build("03-12T10:00", "a", "1")
    assert told(shop) == seen
    (row,) = full_items(shop, tmp_path, "LOG-02")
    assert row["assurance"] == "observed"
    shop.build("03-13T10:00:01", "a", "1")
    assert told(shop) == late
    witnessed(shop, "03-13T11:00", 7)
    assert told(shop) == late
