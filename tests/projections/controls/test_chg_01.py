"""CHG-01: was every merge to a protected branch reviewed by somebody else before?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    REPOSITORY,
    Shop,
    digest,
    full_items,
    items,
    result,
    sha,
)

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-01"
REVIEWED = ("satisfied", "approved by others")
SECOND = "per_" + "1" * 32


class Changes(Shop):
    """Changes whose numbers are names."""

    def merge(self, name: str, *reviews: dict[str, Any] | None, **more: Any) -> None:  # noqa: ANN401
        """A change by Anna at 08:00, its reviews by Cleo at 10:00, and its merge at 11:00."""
        data: dict[str, Any] = {
            "repository": REPOSITORY, "number": name, "target_ref": "refs/heads/main",
        }  # fmt: skip
        data |= {key: more.pop(key) for key in ("repository", "target_ref") if key in more}
        self.say("change.proposed", "03-01T08:00", author=ANNA, head=sha(name), **data)
        for told in reviews:
            review: dict[str, Any] = {
                "time": "03-01T10:00", "reviewer": CLEO, "verdict": "approved",
                "reviewed": sha(name),
            }  # fmt: skip
            review |= told or {}
            self.say("change.reviewed", review.pop("time"), **data | review)
        self.say("change.merged", more.pop("time", "03-01T11:00"),
                 **data | {"head": sha(name), "author": ANNA} | more)  # fmt: skip


def test_a_merge_needs_the_approval_of_somebody_else_on_what_was_merged(tmp_path: Path) -> None:
    """Each way in which an approval is none, or not enough."""
    shop = Changes()
    shop.merge("reviewed", None)
    shop.merge("unreviewed")
    shop.merge("commented", {"verdict": "commented"})
    shop.merge("refused", {"verdict": "changes_requested"})
    shop.merge("approved-then-refused", None,
               {"verdict": "changes_requested", "time": "03-01T10:30"})  # fmt: skip
    shop.merge("dismissed", None, {"verdict": "dismissed", "time": "03-01T10:30"})
    shop.merge("approved-then-commented", None, {"verdict": "commented", "time": "03-01T10:30"})
    shop.merge("by-the-author", {"reviewer": ANNA})
    shop.merge("by-the-author-again", {"reviewer": SECOND})
    shop.merge("by-the-last-pusher", None, last_pusher=CLEO)
    shop.merge("by-a-co-author", None, co_authors=[CLEO])
    shop.merge("by-a-committer", None,
               commits=[{"sha": sha("by-a-committer"), "committer": CLEO}])  # fmt: skip
    shop.merge("by-an-author-of-a-commit", None)
    shop.commit("by-an-author-of-a-commit", "03-01T07:00", CLEO)
    shop.merge("of-an-earlier-commit", {"reviewed": sha("before")})
    shop.merge("of-no-commit", {"reviewed": None})
    shop.merge("a-second-late", {"time": "03-01T11:00:01"})
    shop.merge("this-very-second", {"time": "03-01T11:00"})
    shop.merge("recorded-later", {"recorded": "03-01T12:00"})
    shop.merge("without-a-time", {"time_basis": "received"})
    shop.merge("by-a-workload", {"reviewer": "wkl_" + "e" * 32})
    shop.merge("merge-dated-forward", {"time": "03-01T10:30"}, recorded="03-01T10:00")
    shop.merge("merge-without-a-time", None, time_basis="received")
    shop.merge("merged-by-the-reviewer", None, merged_by=CLEO, merge_commit=sha("m"),
               method="merge")  # fmt: skip
    shop.commit("m", "03-01T11:00", CLEO, parents=[sha("x"), sha("merged-by-the-reviewer")])
    shop.link("03-20T10:00", ANNA, SECOND)
    helped = ("violated", "approved by whoever helped, committed or pushed last")
    own = ("violated", "approved by whoever made it")
    none = ("violated", "no approval")
    found = items(shop, tmp_path, TEST)
    assert {name.split("#")[-1]: what for name, what in found.items()} == {
        "reviewed": REVIEWED,
        "unreviewed": none,
        "commented": none,
        "refused": none,
        "approved-then-refused": none,
        "dismissed": none,
        "approved-then-commented": REVIEWED,
        "by-the-author": own,
        "by-the-author-again": own,
        "by-the-last-pusher": helped,
        "by-a-co-author": helped,
        "by-a-committer": helped,
        "by-an-author-of-a-commit": own,
        "of-an-earlier-commit": ("violated", "approved was an earlier commit"),
        "of-no-commit": ("insufficient-evidence", "nobody says which commit was approved"),
        "a-second-late": none,
        "this-very-second": REVIEWED,
        "recorded-later": ("insufficient-evidence", "the approval was recorded afterwards"),
        "without-a-time": ("insufficient-evidence", "the approval has no time of its own"),
        "by-a-workload": (
            "insufficient-evidence", "approved by a workload that nobody answers for",
        ),
        "merge-dated-forward": none,
        "merge-without-a-time": ("insufficient-evidence", "the merge has no time of its own"),
        "merged-by-the-reviewer": REVIEWED,
    }  # fmt: skip


def test_an_organisation_asks_for_more_or_for_less(tmp_path: Path) -> None:
    """Two approvals are two people; an earlier commit may do; a low assurance may not."""
    shop = Changes()
    shop.merge("once", {"assurance": "observed"})
    shop.merge("twice", {"assurance": "observed"}, {"reviewer": BERT, "assurance": "observed"})
    shop.merge("by-two-accounts", {"assurance": "observed"},
               {"reviewer": DORA, "assurance": "observed"})  # fmt: skip
    shop.merge("earlier", {"reviewed": sha("x"), "assurance": "observed"}, {"reviewer": BERT})
    shop.link("03-20T10:00", CLEO, DORA)
    changed = {
        "min_approvals": 2, "dismiss_stale_approvals": False, "least_assurance": "observed",
    }  # fmt: skip
    few = ("violated", "too few approvals by others")
    found = items(shop, tmp_path, TEST, changed)
    assert {name.split("#")[-1]: what for name, what in found.items()} == {
        "once": few, "twice": REVIEWED, "by-two-accounts": few,
        "earlier": ("insufficient-evidence", "the assurance of the approval is too low"),
    }  # fmt: skip


def test_which_merges_are_judged(tmp_path: Path) -> None:
    """Those to a branch that was ever protected, and all that reached production."""
    shop = Changes()
    guarded, open_, branchy = (f"{REPOSITORY}-{name}" for name in ("a", "b", "c"))
    shop.say("protection.changed", "01-01T10:00", repository=guarded, ref="refs/heads/rel/*",
             action="created")  # fmt: skip
    shop.say("protection.changed", "02-01T10:00", repository=guarded, ref="refs/heads/rel/*",
             action="deleted")  # fmt: skip
    shop.say("ref.updated", "01-01T10:00", repository=branchy, ref="refs/heads/main",
             protected=True, after=sha("z"))  # fmt: skip
    shop.merge("to-a-protected-branch", repository=guarded, target_ref="refs/heads/rel/1")
    shop.merge("to-a-topic-branch", repository=guarded, target_ref="refs/heads/topic")
    shop.merge("deployed", repository=guarded, target_ref="refs/heads/aside")
    shop.merge("to-main", None, repository=branchy, target_ref="main")
    shop.merge("of-unknown-protection", repository=open_)
    shop.build("03-01T12:00", "a", "deployed")
    shop.deploy("d1", "03-01T13:00", "a")
    rows = full_items(shop, tmp_path, TEST)
    assert {row["item_key"].split("#")[-1]: row["outcome"] for row in rows} == {
        "to-a-protected-branch": "violated", "deployed": "violated", "to-main": "satisfied",
        "of-unknown-protection": "violated",
    }  # fmt: skip
    brought = [row["artifacts"] for row in rows if row["item_key"].endswith("#deployed")]
    assert brought == [[digest("a")]]


def test_a_ledger_that_knows_of_no_review_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected the code host's reviews."""
    shop = Changes()
    shop.merge("one")
    found = result(shop, tmp_path, TEST)
    assert (found["outcome"], found["insufficient"]) == ("insufficient-evidence", 1)
