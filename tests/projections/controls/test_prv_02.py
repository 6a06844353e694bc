"""PRV-02: is there a bill of materials of every digest of every release?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import Shop, digest, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "PRV-02"
THERE = ("satisfied", "a bill of materials of each digest")
NONE = ("violated", "without a bill of materials")


class Releases(Shop):
    """Releases of services that are called alike."""

    def release(self, name: str, *contents: str, **more: Any) -> int:  # noqa: ANN401
        """Version 1 of a service."""
        data: dict[str, Any] = {
            "service": name, "version": "1",
            "artifacts": [{"digest": digest(one)} for one in contents],
        } | more  # fmt: skip
        return self.say("release.created", "03-01T10:00", **data)

    def describe(self, content: str | None, **more: Any) -> int:  # noqa: ANN401
        """A bill of materials of a digest."""
        told = {"digest": digest(content)} if content else None
        data: dict[str, Any] = {"kind": "sbom", "artifact": told} | more
        return self.say("artifact.described", "03-01T09:00", **data)


def found(shop: Shop, folder: Path, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What came of each release, by its service."""
    return {
        row["service"]: (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, changed)
    }


def test_each_digest_of_a_release_has_a_bill_of_materials(tmp_path: Path) -> None:
    """Of that digest, not of another one, and not of none."""
    shop = Releases()
    shop.describe("a", assurance="observed")
    shop.describe("c", kind="vex")
    shop.describe("d", kind="provenance")
    shop.say("build.finished", "03-01T09:00", outcome="success", sbom=digest("bill"),
             artifacts=[{"digest": digest("built")}], commit=sha("1"))  # fmt: skip
    shop.say("artifact.published", "03-01T09:00", artifact={"digest": digest("published")},
             sbom=digest("bill"))  # fmt: skip
    shop.describe(None, service="loose", release="1")
    shop.release("described", "a")
    shop.release("at-the-build", "built")
    shop.release("published", "published")
    shop.release("half", "a", "b")
    shop.release("another-kind", "c", "d")
    shop.release("loose", "x")
    shop.release("by-commit", commit=sha("1"))
    shop.release("of-nothing", commit=sha("2"))
    shop.release("waived", "y")
    shop.waive("w1", "03-01T08:00", TEST, until="03-10T10:00", services=["waived"])
    assert found(shop, tmp_path) == {
        "described": THERE,
        "at-the-build": THERE,
        "published": THERE,
        "half": NONE,
        "another-kind": NONE,
        "loose": ("insufficient-evidence", "its bill of materials names no digest"),
        "by-commit": THERE,
        "of-nothing": ("insufficient-evidence", "nobody says which digests were released"),
        "waived": ("excepted", f"waived: {NONE[1]}"),
    }
    strict = found(shop, tmp_path, least_assurance="observed")
    assert strict["described"] == THERE
    assert strict["published"] == (
        "insufficient-evidence", "the assurance of the bill of materials is too low",
    )  # fmt: skip


def test_a_ledger_that_knows_of_no_bill_of_materials_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected what makes them."""
    shop = Releases()
    shop.release("one", "a")
    assert found(shop, tmp_path) == {
        "one": ("insufficient-evidence", "this ledger knows of no bill of materials at all")
    }
