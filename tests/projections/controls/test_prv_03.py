"""PRV-03: was a signature of every deployed digest verified before the deployment began?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import Shop, digest, items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "PRV-03"
VERIFIED = ("satisfied", "verified before")
NONE = ("violated", "no signature was verified")


def test_a_signature_of_each_digest_is_verified_before(tmp_path: Path) -> None:
    """And each way in which that is not so, or not shown."""
    shop = Shop()
    told: dict[str, dict[str, Any]] = {
        "verified": {},
        "of-its-contents": {"predicate_type": "https://spdx.dev/Document"},
        "refuted": {"outcome": "failure"},
        "another-digest": {"artifact": {"digest": digest("x")}},
        "a-second-late": {"time": "03-01T11:00:01"},
        "this-very-second": {"time": "03-01T11:00"},
        "recorded-late": {"recorded": "03-01T12:00"},
        "undated": {"time_basis": "received"},
        "observed": {"assurance": "observed"},
    }
    for name, one in told.items():
        shop.attest(one.get("time", "03-01T10:00"), name,
                    **{key: value for key, value in one.items() if key != "time"})  # fmt: skip
    for name, other in (("refuted-since", {}), ("another-refuted", {"predicate_type": "x"})):
        shop.attest("03-01T10:00", name)
        shop.attest("03-01T10:30", name, **{"outcome": "failure"} | other)
        shop.deploy(name, "03-01T11:00", name)
    shop.attest("03-01T10:45", "verified-again")
    shop.attest("03-01T10:30", "verified-again", outcome="failure")
    shop.deploy("verified-again", "03-01T11:00", "verified-again")
    shop.say("artifact.signed", "03-01T10:00", artifact={"digest": digest("signed")})
    shop.say("admission.decided", "03-01T10:00", policy="images", decision="allow",
             artifact={"digest": digest("admitted")})  # fmt: skip
    for name in (*told, "signed", "admitted", "unsigned"):
        shop.deploy(name, "03-01T11:00", name)
    redacted = shop.attest("03-01T10:00", "redacted")
    shop.deploy("redacted", "03-01T11:00", "redacted")
    shop.redact(redacted)
    shop.deploy("both", "03-01T11:00", "verified", "observed")
    shop.deploy("half", "03-01T11:00", "verified", "unsigned")
    shop.deploy("no-digest", "03-01T11:00", release="1")
    shop.deploy("waived", "03-01T11:00", "u", service="waived")
    shop.waive("w1", "03-01T10:00", TEST, until="03-10T10:00", services=["waived"])
    assert items(shop, tmp_path, TEST) == {
        "verified": VERIFIED,
        "of-its-contents": VERIFIED,
        "refuted": ("violated", "its signature did not verify"),
        "refuted-since": ("violated", "its signature did not verify"),
        "another-refuted": VERIFIED,
        "verified-again": VERIFIED,
        "another-digest": NONE,
        "a-second-late": ("violated", "verified after it began"),
        "this-very-second": VERIFIED,
        "recorded-late": ("insufficient-evidence", "the verification was recorded afterwards"),
        "undated": ("insufficient-evidence", "the verification has no time of its own"),
        "observed": VERIFIED,
        "signed": ("violated", "signed, but nobody verified it"),
        "admitted": (
            "insufficient-evidence", "admitted, but nobody says that its signature was verified",
        ),
        "unsigned": NONE,
        "redacted": ("insufficient-evidence", "the verification has no time of its own"),
        "both": VERIFIED,
        "half": NONE,
        "no-digest": ("insufficient-evidence", "nobody says which digest was deployed"),
        "waived": ("excepted", f"waived: {NONE[1]}"),
    }  # fmt: skip
    strict = items(shop, tmp_path, TEST, {"least_assurance": "observed"})
    assert strict["observed"] == VERIFIED
    assert strict["verified"] == (
        "insufficient-evidence", "the assurance of the verification is too low",
    )  # fmt: skip


def test_a_ledger_that_knows_of_no_signature_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected what verifies them."""
    shop = Shop()
    shop.deploy("one", "03-01T11:00", "a")
    assert items(shop, tmp_path, TEST) == {
        "one": ("insufficient-evidence", "this ledger knows of no signature at all")
    }
