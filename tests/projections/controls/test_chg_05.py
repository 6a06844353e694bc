"""CHG-05: does every deployed digest trace to reviewed source?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, CLEO, Shop, digest, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-05"
TRACED = ("satisfied", "verified, and from a reviewed change")


def traced(
    shop: Shop,
    name: str,
    *,
    built: bool = True,
    attested: bool = True,
    reviewed: str | None = CLEO,
    commit: str | None = None,
    **more: Any,  # noqa: ANN401
) -> None:
    """A change by Anna, its build, a verified provenance and a deployment, called alike."""
    number = 1 + sum(name.encode()) * 1000 + len(name)
    if more.pop("proposed", True):
        shop.propose(number, "proposed", "03-01T07:00", author=ANNA)
        if reviewed is not None:
            shop.propose(number, "reviewed", "03-01T07:30", reviewer=reviewed, verdict="approved",
                         reviewed=sha(f"head of {name}"))  # fmt: skip
        states = [{"sha": sha(f"{state} of {name}")} for state in ("middle", "head")]
        shop.propose(number, "merged", "03-01T08:00", head=sha(f"head of {name}"), author=ANNA,
                     merge_commit=sha(name), method="squash", commits=states)  # fmt: skip
    if built:
        shop.build("03-01T09:00", name, commit or name, service=name)
    if attested:
        shop.attest("03-01T10:00", name, **more.pop("attestation", {}))
    shop.deploy(name, "03-01T11:00", name, service=name)


def found(shop: Shop, folder: Path, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What came of each service's digest."""
    return {
        row["service"]: (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, changed)
    }


def test_a_digest_traces_to_a_reviewed_change(tmp_path: Path) -> None:
    """Each hop that is missing is named."""
    shop = Shop()
    traced(shop, "traced")
    traced(shop, "of-the-head", commit="head of of-the-head")
    traced(shop, "on-the-way", commit="middle of on-the-way")
    traced(shop, "orphan", built=False)
    traced(shop, "unattested", attested=False)
    traced(shop, "refuted", attestation={"outcome": "failure"})
    traced(shop, "merely-said-to-be-verified", attestation={"assurance": "asserted"})
    shop.attest("03-01T09:00", "merely-said-to-be-verified", outcome="failure",
                assurance="observed")  # fmt: skip
    traced(shop, "unreviewed", reviewed=None)
    traced(shop, "self-reviewed", reviewed=ANNA)
    traced(shop, "straight", proposed=False)
    traced(shop, "of-its-contents", attestation={"predicate_type": "https://spdx.dev/Document"})
    traced(shop, "of-what", attestation={"predicate_type": None})
    traced(shop, "written-down", attested=False)
    shop.say("artifact.described", "03-01T09:30", kind="provenance", builder="https://b.example",
             artifact={"digest": digest("written-down")}, signed=True)  # fmt: skip
    traced(shop, "unsigned", attested=False)
    shop.say("artifact.described", "03-01T09:30", kind="provenance",
             artifact={"digest": digest("unsigned")}, signed=False)  # fmt: skip
    traced(shop, "two-sources")
    shop.attest("03-01T10:00", "two-sources", commit=sha("another"))
    shop.deploy("no-digest", "03-01T11:00", service="no-digest")
    assert found(shop, tmp_path) == {
        "traced": TRACED,
        "of-the-head": TRACED,
        "on-the-way": (
            "insufficient-evidence", "what was reviewed of its change is another commit",
        ),
        "orphan": ("violated", "nobody says what it was built from"),
        "unattested": ("violated", "without provenance"),
        "refuted": ("violated", "its provenance did not verify"),
        "merely-said-to-be-verified": ("violated", "its provenance did not verify"),
        "unreviewed": ("violated", "its change was not reviewed"),
        "self-reviewed": ("violated", "its change was not reviewed"),
        "straight": ("violated", "its commit came without a change"),
        "of-its-contents": ("violated", "without provenance"),
        "of-what": ("insufficient-evidence", "nobody says what was verified of it"),
        "written-down": ("insufficient-evidence", "nobody has verified its provenance"),
        "unsigned": ("violated", "its provenance is not signed"),
        "two-sources": (
            "insufficient-evidence", "it is said to be built from several commits",
        ),
        "no-digest": ("insufficient-evidence", "nobody says which digest was deployed"),
    }  # fmt: skip


def test_an_organisation_trusts_its_own_builders(tmp_path: Path) -> None:
    """And asks for what it received itself; a waiver excepts."""
    shop = Shop()
    traced(shop, "trusted", attestation={"assurance": "observed"})
    traced(shop, "elsewhere", attestation={"builder": "https://laptop.example"})
    traced(shop, "nobody", attestation={"builder": None})
    traced(shop, "unsigned", attestation={"builder": None})
    shop.say("artifact.described", "03-01T09:30", kind="provenance", artifact={
        "digest": digest("unsigned"),
    }, builder="https://builder.example")  # fmt: skip
    traced(shop, "waived", attestation={"builder": "https://laptop.example"})
    shop.waive("w1", "03-01T10:00", TEST, until="03-10T10:00", artifacts=[digest("waived")])
    assert found(shop, tmp_path, trusted_builders=["https://builder.example"]) == {
        "trusted": TRACED,
        "elsewhere": ("violated", "built by an unexpected builder"),
        "nobody": ("insufficient-evidence", "nobody says who built it"),
        "unsigned": ("insufficient-evidence", "nobody says who built it"),
        "waived": ("excepted", "waived: built by an unexpected builder"),
    }
    strict = found(shop, tmp_path, least_assurance="observed")
    assert strict["trusted"] == (
        "insufficient-evidence", "the assurance of the review is too low",
    )  # fmt: skip
    assert strict["elsewhere"] == (
        "insufficient-evidence", "the assurance of its provenance is too low",
    )  # fmt: skip


def test_a_ledger_that_knows_of_no_provenance_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected what verifies it."""
    shop = Shop()
    traced(shop, "one", attested=False)
    assert found(shop, tmp_path) == {
        "one": ("insufficient-evidence", "this ledger knows of no provenance at all")
    }
