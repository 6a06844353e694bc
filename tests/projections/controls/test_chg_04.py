"""CHG-04: did nothing reach a protected branch around review, and was no protection weakened?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, BERT, CLEO, REPOSITORY, Shop, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-04"
BY_CHANGE = ("satisfied", "came by a reviewed change")
AROUND = ("violated", "came without a change")


class Pushes(Shop):
    """Pushes to a protected branch; what came of them is asked by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[int, str] = {}

    def push(self, name: str, time: str = "03-01T11:00", **more: Any) -> None:  # noqa: ANN401
        """A move of `main` to a commit that is called so."""
        data: dict[str, Any] = {
            "repository": REPOSITORY, "ref": "refs/heads/main", "before": sha("before"),
            "after": sha(name), "protected": True, "pusher": ANNA,
        } | more  # fmt: skip
        self.names[self.say("ref.updated", time, **data)] = name

    def protect(self, name: str, **more: Any) -> None:  # noqa: ANN401
        """A protection changed."""
        data: dict[str, Any] = {"repository": REPOSITORY, "ref": "refs/heads/main"} | more
        self.names[self.say("protection.changed", "03-02T11:00", **data)] = name

    def merge(self, number: int, name: str, *, reviewer: str | None = CLEO, **more: Any) -> None:  # noqa: ANN401
        """A change by Anna that was merged as a commit called so."""
        data: dict[str, Any] = {"author": ANNA, "head": sha(f"head of {name}")} | more
        data["merge_commit"] = sha(name)
        self.propose(number, "proposed", "03-01T08:00", author=data["author"])
        if reviewer is not None:
            self.propose(number, "reviewed", "03-01T09:00", reviewer=reviewer, verdict="approved",
                         reviewed=data.get("reviewed", data["head"]))  # fmt: skip
        self.propose(number, "merged", data.pop("time", "03-01T11:00"), **data)

    def found(self, folder: Path, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
        """What came of each, by its name."""
        rows = full_items(self, folder, TEST, changed)
        found = {}
        for row in rows:
            told = [self.names[one] for one in row["positions"] if one in self.names]
            name = told[-1] if told else row["item_key"]
            found[name] = (row["outcome"], row["reason"])
        return found


def test_what_comes_to_a_protected_branch_came_by_a_reviewed_change(tmp_path: Path) -> None:
    """Whatever came otherwise is found, and so is whoever takes the protection away."""
    shop = Pushes()
    shop.merge(1, "reviewed")
    shop.push("reviewed")
    shop.merge(2, "unreviewed", reviewer=None)
    shop.push("unreviewed")
    shop.merge(3, "reviewed-by-its-author", reviewer=ANNA)
    shop.push("reviewed-by-its-author")
    shop.merge(4, "reviewed-before-it-changed", reviewed=sha("old"))
    shop.push("reviewed-before-it-changed")
    shop.merge(10, "made-by-nobody", author=None)
    shop.push("made-by-nobody")
    shop.merge(9, "merged-at-no-time", time_basis="received")
    shop.push("merged-at-no-time")
    shop.merge(5, "fast-forward", head=sha("fast-forward"))
    shop.push("fast-forward")
    shop.push("straight")
    shop.merge(6, "change-made-up-later", time="03-05T10:00")
    shop.push("change-made-up-later")
    shop.merge(7, "to-another-branch", target_ref="refs/heads/topic")
    shop.push("to-another-branch")
    shop.merge(8, "forced")
    shop.push("forced", forced=True)
    shop.push("deleted", after=None, deleted=True)
    shop.push("of-a-bot", pusher=BERT)
    shop.push("new-branch", ref="refs/heads/rel", after=sha("reviewed"), created=True)
    shop.push("new-branch-of-something-else", ref="refs/heads/own", created=True)
    shop.push("unprotected", ref="refs/heads/topic", protected=False)
    shop.push("tag", ref="refs/tags/v1", protected=True)
    shop.protect("weakened", action="edited", weakened=True)
    shop.protect("taken-away", action="deleted")
    shop.protect("set", action="created")
    shop.protect("changed-somehow", action="edited")
    assert shop.found(tmp_path, allow_bot_refs=[BERT]) == {
        "reviewed": BY_CHANGE,
        "unreviewed": ("violated", "its change was not reviewed"),
        "reviewed-by-its-author": ("violated", "its change was not reviewed"),
        "reviewed-before-it-changed": ("violated", "its change was not reviewed"),
        "made-by-nobody": ("insufficient-evidence", "nothing shows that its change was reviewed"),
        "merged-at-no-time": (
            "insufficient-evidence", "nothing shows that its change was reviewed",
        ),
        "fast-forward": BY_CHANGE,
        "straight": AROUND,
        "change-made-up-later": AROUND,
        "to-another-branch": AROUND,
        "forced": ("violated", "its history was overwritten"),
        "deleted": ("violated", "the branch was deleted"),
        "of-a-bot": ("satisfied", "pushed by a bot that may"),
        "new-branch": BY_CHANGE,
        "new-branch-of-something-else": AROUND,
        "weakened": ("violated", "a protection was weakened"),
        "taken-away": ("violated", "a protection was weakened"),
        "set": ("satisfied", "a protection was set or kept"),
        "changed-somehow": (
            "insufficient-evidence", "nobody says whether a protection was weakened",
        ),
    }  # fmt: skip


def test_a_branch_whose_protection_was_taken_away_is_still_looked_at(tmp_path: Path) -> None:
    """A rule with a pattern that was deleted before the push."""
    shop = Pushes()
    shop.merge(1, "other")
    shop.say("protection.changed", "02-01T10:00", repository=REPOSITORY, ref="refs/heads/ma*",
             action="created")  # fmt: skip
    shop.protect("taken-away", action="deleted", ref="refs/heads/ma*")
    shop.push("straight", "03-03T10:00", protected=None)
    shop.waive("w1", "03-01T10:00", TEST, until="03-10T10:00", services=["nobody"])
    assert shop.found(tmp_path)["straight"] == AROUND


def test_what_nobody_tells_of_is_no_pass(tmp_path: Path) -> None:
    """No protection known of what is deployed from; no change known at all."""
    shop = Pushes()
    shop.deploy("d1", "03-01T12:00", "a", repository="https://code.example/acme/other")
    shop.push("straight")
    found = shop.found(tmp_path)
    assert found.pop("straight") == (
        "insufficient-evidence", "this ledger knows of no proposed change at all",
    )  # fmt: skip
    (only,) = found.values()
    assert only == ("insufficient-evidence", "nobody says which of its branches are protected")
