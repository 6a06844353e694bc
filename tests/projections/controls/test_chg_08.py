"""CHG-08: was written down what is wanted of a change before it was approved for production?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import REPOSITORY, Shop, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-08"
WRITTEN = ("satisfied", "written down before it was approved")
MISSING = ("violated", "something that is wanted was not written down")
ALL = "back_out impact reason"


class Records(Shop):
    """Changes whose numbers are names, merged at 10:00 and deployed at 12:00."""

    def change(self, name: str, what: str, time: str, **more: Any) -> None:  # noqa: ANN401
        """A step of a change."""
        self.say(f"change.{what}", time, repository=REPOSITORY, number=name, **more)

    def ship(self, name: str, **more: Any) -> None:  # noqa: ANN401
        """Merge and deploy it, approved at 11:00."""
        self.change(name, "merged", "03-01T10:00", merge_commit=sha(name), head=sha(f"h {name}"),
                    method="squash", **more)  # fmt: skip
        self.build("03-01T10:30", name, name, service=name)
        self.approve(f"a-{name}", "03-01T11:00", name, service=name)
        self.deploy(name, "03-01T12:00", name, service=name)


def found(shop: Shop, folder: Path, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What came of each, by its service."""
    return {
        row["service"]: (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, changed)
    }


def test_what_is_wanted_was_written_down_before(tmp_path: Path) -> None:
    """In the change or its ticket, by the names of the sealed texts, at the right time."""
    shop = Records()
    texts = {"reason": "a", "impact": "b", "back_out": "c"}
    shop.change("plain", "proposed", "03-01T08:00", **texts)
    shop.change("blank", "proposed", "03-01T08:00", **texts | {"impact": " "})
    shop.change("half", "proposed", "03-01T08:00", reason="a", back_out="c")
    shop.change("none", "proposed", "03-01T08:00")
    shop.change("after-approval", "proposed", "03-01T08:00", reason="a", impact="b")
    shop.change("after-approval", "updated", "03-01T11:30", back_out="c")
    shop.change("dated-back", "proposed", "03-01T08:00", recorded="03-01T13:00", **texts)
    shop.say("ticket.opened", "03-01T08:00", system="t", key="T-1", impact="b", back_out="c")
    shop.change("with-a-ticket", "proposed", "03-01T08:00", reason="a", ticket="T-1")
    shop.change("with-another-ticket", "proposed", "03-01T08:00", reason="a", ticket="T-2")
    for name in ("plain", "blank", "half", "none", "after-approval", "with-a-ticket",
                 "with-another-ticket", "dated-back"):  # fmt: skip
        shop.ship(name)
    shop.change("too-late", "proposed", "03-01T08:00")
    shop.ship("too-late")
    shop.change("too-late", "updated", "03-01T12:00:01", **texts)
    shop.deploy("of-no-change", "03-01T12:00", "x", service="of-no-change")
    shop.deploy("by-ticket", "03-01T12:00", "y", service="by-ticket", ticket="T-1")
    shop.waive("w1", "03-01T08:00", TEST, until="03-10T10:00", services=["none"])
    assert found(shop, tmp_path) == {
        "plain": WRITTEN,
        "blank": MISSING,
        "half": MISSING,
        "none": ("excepted", f"waived: {MISSING[1]}"),
        "after-approval": ("insufficient-evidence", "written down after it was approved"),
        "dated-back": ("violated", "written down after it was deployed"),
        "with-a-ticket": WRITTEN,
        "with-another-ticket": MISSING,
        "too-late": ("violated", "written down after it was deployed"),
        "of-no-change": ("insufficient-evidence", "nobody says which change it brought"),
        "by-ticket": MISSING,
    }


def test_that_a_text_is_sealed_does_not_hide_that_it_was_written(tmp_path: Path) -> None:
    """The names of the fields are left behind; another organisation wants other fields."""
    shop = Records()
    shop.say("change.proposed", "03-01T08:00", repository=REPOSITORY, number="sealed",
             risk="low", extensions={"pipeledgertexts": ALL})  # fmt: skip
    shop.ship("sealed")
    assert found(shop, tmp_path) == {"sealed": WRITTEN}
    assert found(shop, tmp_path, required_fields=["risk", "backout"]) == {"sealed": WRITTEN}
    assert found(shop, tmp_path, required_fields=["description"]) == {
        "sealed": ("insufficient-evidence", "this ledger knows of no such text at all")
    }
    weak = found(shop, tmp_path, least_assurance="observed")
    assert weak["sealed"] == (
        "insufficient-evidence", "the assurance of what was written down is too low",
    )  # fmt: skip
