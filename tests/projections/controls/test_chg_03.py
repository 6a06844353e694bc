"""CHG-03: are those who made, approved and deployed it different people?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    Shop,
    digest,
    items,
    sha,
)

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-03"
APART = ("satisfied", "made and approved by different people")
SAME = ("violated", "who made it approved it")
BOT = "wkl_" + "e" * 32
OWNED_BOT = "wkl_" + "f" * 32
SECOND, THIRD = "per_" + "1" * 32, "per_" + "2" * 32


def deliver(
    shop: Shop,
    name: str,
    author: str | None = ANNA,
    approver: str | None = CLEO,
    **more: Any,  # noqa: ANN401
) -> None:
    """A commit, its build, an approval and a deployment, each as a service of its own."""
    of = {"service": name}
    if author is not None:
        shop.commit(name, "03-01T08:00", author, **more.pop("commit", {}))
    shop.build("03-01T09:00", name, name, **of)
    if approver is not None:
        shop.approve(f"of-{name}", "03-01T10:00", name, approver=approver,
                     **of | more.pop("approval", {}))  # fmt: skip
    shop.deploy(name, "03-01T11:00", name, **of | more)


def test_nobody_approves_what_is_their_own(tmp_path: Path) -> None:
    """By whichever account, and whichever part they had in it; proofs that lack are named."""
    shop = Shop()
    deliver(shop, "apart")
    deliver(shop, "self-approved", CLEO)
    deliver(shop, "co-author-approved", commit={"co_authors": [CLEO]})
    deliver(shop, "author-by-the-request", approval={"authors": [CLEO]})
    shop.link("02-01T10:00", SECOND, THIRD)
    deliver(shop, "second-account-approved", SECOND, BERT)
    deliver(shop, "second-account-linked-in-a-chain", THIRD, BERT)
    deliver(shop, "own-change-pushed-by-the-approver", commit={"ref": "refs/heads/topic"})
    shop.propose(1, "merged", "03-01T08:30", author=ANNA, last_pusher=CLEO, method="squash",
                 merge_commit=sha("own-change-pushed-by-the-approver"), head=sha("1"))  # fmt: skip
    deliver(shop, "merged-by-the-approver", CLEO, DORA)
    deliver(shop, "approver-only-joined-it", None, CLEO)
    shop.commit("approver-only-joined-it", "03-01T08:40", CLEO,
                parents=[sha("before"), sha("2")])  # fmt: skip
    shop.propose(2, "merged", "03-01T08:40", author=ANNA, method="merge", head=sha("2"),
                 merge_commit=sha("approver-only-joined-it"))  # fmt: skip
    deliver(shop, "not-approved", approver=None)
    deliver(shop, "approved-late", approver=None)
    shop.approve("late", "03-01T11:00:01", "approved-late", service="approved-late", approver=ANNA)
    deliver(shop, "made-by-nobody-known", None)
    deliver(shop, "made-by-a-bot", BOT)
    shop.link("03-20T10:00", OWNED_BOT, CLEO)
    deliver(shop, "bot-of-the-approver", OWNED_BOT)
    deliver(shop, "asserted", approval={"assurance": "asserted"})
    deliver(shop, "recorded-late", approval={"recorded": "03-02T10:00"})
    deliver(shop, "failed", CLEO, outcome="failure")
    deliver(shop, "second-account-decided", SECOND, None)
    decided: dict[str, Any] = {"approval": "decided", "assurance": "decided"}
    shop.say("approval.requested", "03-01T09:30", requester=ANNA, environments=["production"],
             subjects=[{"kind": "artifact", "digest": digest("second-account-decided")}],
             authors=[SECOND], **decided)  # fmt: skip
    shop.say("approval.granted", "03-01T10:00", approver=BERT, **decided)
    # Linked after everything happened: it was one person all along.
    shop.link("03-21T10:00", SECOND, BERT)
    shop.link("03-22T10:00", ANNA, DORA)
    shop.link("03-23T10:00", ANNA, DORA, "unlinked")
    assert items(shop, tmp_path, TEST) == {
        "apart": APART,
        "self-approved": SAME,
        "co-author-approved": SAME,
        "author-by-the-request": SAME,
        "second-account-approved": SAME,
        "second-account-decided": SAME,
        "second-account-linked-in-a-chain": SAME,
        "own-change-pushed-by-the-approver": SAME,
        "merged-by-the-approver": APART,
        "approver-only-joined-it": APART,
        "not-approved": ("insufficient-evidence", "nobody approved it before: see CHG-02"),
        "approved-late": ("insufficient-evidence", "nobody approved it before: see CHG-02"),
        "made-by-nobody-known": ("insufficient-evidence", "nobody says who made it"),
        "made-by-a-bot": (
            "insufficient-evidence", "made by a workload that nobody answers for",
        ),
        "bot-of-the-approver": SAME,
        "asserted": ("insufficient-evidence", "the approval is a mere assertion"),
        "recorded-late": (
            "insufficient-evidence", "nothing shows that it was approved before",
        ),
        "failed": SAME,
    }  # fmt: skip


def test_an_organisation_says_whether_helpers_and_deployers_count(tmp_path: Path) -> None:
    """Co-authors only where asked; whoever deploys must be somebody else only where asked."""
    shop = Shop()
    deliver(shop, "helper-approved", commit={"co_authors": [CLEO]}, actor=BERT)
    deliver(shop, "author-deployed", triggered_by=ANNA)
    deliver(shop, "approver-deployed", actor=CLEO)
    deliver(shop, "nobody-deployed")
    lax = items(shop, tmp_path, TEST, {"count_coauthors": False})
    assert set(lax.values()) == {APART}
    strict = {"deployer_must_differ": True, "count_coauthors": False}
    assert items(shop, tmp_path, TEST, strict) == {
        "helper-approved": (
            "satisfied", "made, approved and deployed by different people",
        ),
        "author-deployed": ("violated", "who made it deployed it"),
        "approver-deployed": ("violated", "who approved it deployed it"),
        "nobody-deployed": ("insufficient-evidence", "nobody says who deployed it"),
    }  # fmt: skip


def test_what_came_along_in_the_history_was_made_by_its_authors(tmp_path: Path) -> None:
    """Not only the last commit; but not what stood on the line before, nor before all record."""
    shop = Shop()
    shop.commit("0", "02-01T08:00", CLEO)
    shop.commit("1", "02-01T09:00", ANNA, parents=[sha("0")])
    shop.commit("2", "02-02T09:00", DORA, parents=[sha("1")])
    shop.commit("3", "02-02T10:00", BERT, parents=[sha("2")])
    for name, day, approver in (("1", "03-01", CLEO), ("3", "03-02", DORA), ("3", "03-03", ANNA)):
        shop.build(f"{day}T09:00", f"{name} {day}", name)
        shop.approve(f"a {day}", f"{day}T10:00", f"{name} {day}", approver=approver)
        shop.deploy(f"on-{day}", f"{day}T11:00", f"{name} {day}")
    assert items(shop, tmp_path, TEST) == {
        "on-03-01": APART, "on-03-02": SAME, "on-03-03": APART,
    }  # fmt: skip
