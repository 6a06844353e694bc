"""PRV-01: is the provenance of every deployed digest as good as is wanted?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import Shop, digest, full_items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "PRV-01"
GOOD = ("satisfied", "it has provenance of the level that is wanted")
SUMMARY = "https://slsa.dev/verification_summary/v1"


def found(shop: Shop, folder: Path, level: int) -> dict[str, tuple[str, str]]:
    """What came of each service's digest at a level."""
    return {
        row["service"]: (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, {"min_build_level": level})
    }


def test_each_level_needs_more(tmp_path: Path) -> None:
    """One exists, one was verified before and names its builder, one was judged by a verifier."""
    shop = Shop()
    attested: dict[str, dict[str, Any]] = {
        "verified": {},
        "level-3": {"predicate_type": SUMMARY, "levels": ["SLSA_BUILD_LEVEL_3"]},
        "level-1": {"predicate_type": SUMMARY, "levels": ["SLSA_BUILD_LEVEL_1", "FEDRAMP_LOW"]},
        "source-level": {"predicate_type": SUMMARY, "levels": ["SLSA_SOURCE_LEVEL_3"],
                         "builder": None},
        "refuted": {"outcome": "failure"},
        "late": {"time": "03-01T11:00:01"},
        "recorded-late": {"recorded": "03-01T12:00"},
        "undated": {"time_basis": "received"},
        "of-another-digest": {"artifact": {"digest": digest("x")}},
        "of-no-builder": {"builder": None},
    }  # fmt: skip
    for name, told in attested.items():
        shop.attest(told.get("time", "03-01T10:00"), name,
                    **{key: one for key, one in told.items() if key != "time"})  # fmt: skip
    shop.say("build.finished", "03-01T09:00", outcome="success", provenance=digest("p"),
             artifacts=[{"digest": digest("stated")}])  # fmt: skip
    for name in (*attested, "stated", "nothing"):
        shop.deploy(name, "03-01T11:00", name, service=name)
    none, never = ("violated", "without provenance"), "its provenance was never verified"
    refuted = ("violated", "its provenance did not verify")
    unproved = ("insufficient-evidence", "nothing shows that it was verified before")
    unsaid = ("insufficient-evidence", "nobody says that it is of the level that is wanted")
    low, late = "of a lower level than is wanted", ("violated", "verified after it began")
    unbuilt = ("insufficient-evidence", "nobody says who built it")
    assert found(shop, tmp_path, 1) == dict.fromkeys((*attested, "stated"), GOOD) | {
        "refuted": refuted, "of-another-digest": none, "nothing": none,
    }  # fmt: skip
    second = {
        "verified": GOOD, "level-3": GOOD, "level-1": ("violated", low), "source-level": unbuilt,
        "refuted": refuted, "late": late, "recorded-late": unproved, "undated": unproved,
        "of-another-digest": none, "of-no-builder": unbuilt, "stated": ("violated", never),
        "nothing": none,
    }  # fmt: skip
    assert found(shop, tmp_path, 2) == second
    assert found(shop, tmp_path, 3) == second | {
        "verified": unsaid, "source-level": unsaid, "of-no-builder": unsaid,
    }  # fmt: skip


def test_what_one_statement_lacks_no_other_one_makes_up_for(tmp_path: Path) -> None:
    """Time, level, assurance and builder are of one verified statement."""
    shop = Shop()
    early, late = "03-01T10:00", "03-01T11:01"
    first = {"predicate_type": SUMMARY, "levels": ["SLSA_BUILD_LEVEL_1"], "builder": None}
    third = first | {"levels": ["SLSA_BUILD_LEVEL_3"]}
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "unknown-before": [(early, {"predicate_type": None}), (late, {})],
        "weak-before": [(early, {}), (late, {"assurance": "observed"})],
        "low-before": [(early, first), (late, third)],
        "weak-and-high": [(early, third), (early, {"assurance": "observed", "builder": None})],
        "builder-unsigned": [(early, {"builder": None})],
        "whole": [(early, third | {"assurance": "observed"})],
    }
    shop.say("build.finished", "03-01T09:00", outcome="success", provenance=digest("p"),
             builder="https://builder.example",
             artifacts=[{"digest": digest("builder-unsigned")}])  # fmt: skip
    for name, ones in told.items():
        for time, more in ones:
            shop.attest(time, name, **more)
        shop.deploy(name, "03-01T11:00", name, service=name)
    doubtful = dict.fromkeys(told, "insufficient-evidence") | {"whole": "satisfied"}

    def outcomes(**changed: Any) -> dict[str, str]:  # noqa: ANN401
        rows = full_items(shop, tmp_path, TEST, changed)
        return {row["service"]: row["outcome"] for row in rows}

    assert outcomes(min_build_level=2, least_assurance="observed") == doubtful | {
        "low-before": "violated",
    }  # fmt: skip
    assert outcomes(min_build_level=2)["builder-unsigned"] == "insufficient-evidence"
    assert outcomes(min_build_level=3)["low-before"] == "violated"


def test_what_did_not_verify_stands_until_something_as_good_verifies_it(tmp_path: Path) -> None:
    """Before the deployment, as it was then."""
    shop = Shop()
    no: dict[str, Any] = {"outcome": "failure"}
    early, then, late = "03-01T10:00", "03-01T10:30", "03-01T11:30"
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "verified-since": [(early, no), (then, {})],
        "merely-said-to-be-verified": [(early, no | {"assurance": "observed"}), (then, {})],
        "verified-again-too-late": [(early, {}), (then, no), (late, {})],
        "refuted-since": [(early, {}), (late, no)],
    }
    for name, ones in told.items():
        for time, more in ones:
            shop.attest(time, name, **more)
        shop.deploy(name, "03-01T11:00", name, service=name)
    refuted = ("violated", "its provenance did not verify")
    assert found(shop, tmp_path, 2) == dict.fromkeys(told, refuted) | {"verified-since": GOOD}


def test_what_nobody_tells_of_is_no_pass(tmp_path: Path) -> None:
    """No provenance in the whole ledger; no digest."""
    shop = Shop()
    shop.deploy("one", "03-01T11:00", "a")
    shop.deploy("two", "03-01T11:00", service="two")
    assert found(shop, tmp_path, 2) == {
        "shop": ("insufficient-evidence", "this ledger knows of no provenance at all"),
        "two": ("insufficient-evidence", "nobody says which digest was deployed"),
    }
