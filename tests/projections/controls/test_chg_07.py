"""CHG-07: did the tests that are wanted pass on what was deployed, before it was?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import REPOSITORY, Shop, digest, items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-07"
PASSED = ("satisfied", "passed before")
FAILED = ("violated", "tests of a required kind failed")
NONE = ("violated", "no tests of a required kind on what was deployed")


class Verified(Shop):
    """Deployments of services that are called like their digests."""

    def check(self, name: str, kind: str | None = "unit", **more: Any) -> int:  # noqa: ANN401
        """Tests of a digest, at 10:00, that passed."""
        data: dict[str, Any] = {
            "kind": kind, "outcome": "success", "artifact": {"digest": digest(name)},
            "service": name, "repository": REPOSITORY,
        } | more  # fmt: skip
        return self.say("tests.finished", data.pop("time", "03-01T10:00"), **data)

    def ship(self, *names: str, **more: Any) -> None:  # noqa: ANN401
        """Deployments at 11:00."""
        for name in names:
            self.deploy(name, "03-01T11:00", name, **{"service": name} | more)


def test_each_required_kind_must_have_passed_on_the_same_digest_before(tmp_path: Path) -> None:
    """And each way in which tests are none, or not enough."""
    shop = Verified()
    told: dict[str, list[dict[str, Any]]] = {
        "passed": [{}],
        "untested": [],
        "failed": [{"outcome": "failure"}],
        "ended-in-error": [{"outcome": "error"}],
        "skipped": [{"outcome": "skipped"}],
        "failed-then-passed": [{"outcome": "failure", "time": "03-01T09:00"}, {}],
        "passed-then-failed": [{"time": "03-01T09:00"}, {"outcome": "failure"}],
        "another-suite-failed": [{"suite": "a", "outcome": "failure"}, {"suite": "b"}],
        "failed-then-merely-said-to-have-passed": [
            {"outcome": "failure", "time": "03-01T09:00", "assurance": "observed"}, {}
        ],
        "failed-then-passed-told-late": [
            {"outcome": "failure", "time": "03-01T09:00"}, {"recorded": "03-01T12:00"}
        ],
        "passed-then-failed-told-late": [
            {"time": "03-01T09:00"}, {"outcome": "failure", "recorded": "03-01T12:00"}
        ],
        "failed-told-late-then-passed": [
            {"outcome": "failure", "time": "03-01T09:00", "recorded": "03-01T12:00"}, {}
        ],
        "another-suite-failed-told-late": [
            {"suite": "a", "outcome": "failure", "recorded": "03-01T12:00"}, {"suite": "b"}
        ],
        "another-digest": [{"artifact": {"digest": digest("x")}}],
        "another-digest-of-its-commit": [
            {"artifact": {"digest": digest("x")}, "commit": sha("another-digest-of-its-commit")}
        ],
        "its-commit": [{"artifact": None, "commit": sha("its-commit")}],
        "a-second-late": [{"time": "03-01T11:00:01"}],
        "this-very-second": [{"time": "03-01T11:00"}],
        "recorded-late": [{"recorded": "03-01T12:00"}],
        "without-a-time": [{"time_basis": "received"}],
        "in-an-unknown-zone": [{"time_basis": "source_local"}],
        "of-no-kind": [{"kind": None}],
        "of-another-kind": [{"kind": "load"}],
        "run-of-another-repository": [
            {"artifact": None, "run": "7", "repository": "https://code.example/x",
             "source": "https://ci.example/x"}
        ],
        "its-run": [{"artifact": None, "run": "8"}],
    }  # fmt: skip
    for name, results in told.items():
        shop.build("03-01T08:00", name, name, service=name)
        for one in results:
            shop.check(name, **{"kind": "unit"} | one)
    shop.ship(*(name for name in told if name not in ("run-of-another-repository", "its-run")))
    shop.ship("run-of-another-repository", run="7")
    shop.ship("its-run", run="8")
    late = ("insufficient-evidence", "the tests have no time of their own")
    assert items(shop, tmp_path, TEST, {"required_suites": ["unit"]}) == {
        "passed": PASSED,
        "untested": NONE,
        "failed": FAILED,
        "ended-in-error": FAILED,
        "skipped": ("violated", "tests of a required kind did not run"),
        "failed-then-passed": PASSED,
        "passed-then-failed": FAILED,
        "another-suite-failed": FAILED,
        "failed-then-merely-said-to-have-passed": FAILED,
        "failed-then-passed-told-late": FAILED,
        "passed-then-failed-told-late": FAILED,
        "failed-told-late-then-passed": PASSED,
        "another-suite-failed-told-late": FAILED,
        "another-digest": NONE,
        "another-digest-of-its-commit": NONE,
        "its-commit": PASSED,
        "a-second-late": ("violated", "tested after it began"),
        "this-very-second": PASSED,
        "recorded-late": ("insufficient-evidence", "the tests were recorded afterwards"),
        "without-a-time": late,
        "in-an-unknown-zone": late,
        "of-no-kind": ("insufficient-evidence", "nobody says of which kind the tests are"),
        "of-another-kind": NONE,
        "run-of-another-repository": NONE,
        "its-run": PASSED,
    }


def test_all_kinds_and_all_digests_are_needed(tmp_path: Path) -> None:
    """The one that goes least far decides; what is not named cannot be tested; waivers except."""
    shop = Verified()
    for name in ("both", "half", "manifest", "waived"):
        shop.build("03-01T08:00", name, name)
        shop.check(name)
    shop.check("both", "integration", assurance="observed")
    shop.check("manifest", "integration", artifact=None, commit=sha("manifests"))
    shop.ship("both", "half")
    redacted = shop.check("redacted")
    shop.ship("redacted")
    shop.redact(redacted)
    shop.deploy("two-digests", "03-01T11:00", "both", "half")
    shop.deploy("manifest", "03-01T11:00", "manifest", commit=sha("manifests"))
    shop.deploy("nothing-named", "03-01T11:00")
    shop.waive("w2", "03-01T10:00", TEST, until="03-02T11:00", services=["waived"])
    shop.ship("waived")
    assert items(shop, tmp_path, TEST) == {
        "both": PASSED,
        "half": NONE,
        "redacted": ("insufficient-evidence", "nobody says of which kind the tests are"),
        "two-digests": NONE,
        "manifest": NONE,
        "nothing-named": ("insufficient-evidence", "nobody says what was deployed"),
        "waived": ("excepted", f"waived: {NONE[1]}"),
    }
    strict = items(shop, tmp_path, TEST, {"least_assurance": "observed"})
    assert strict["both"] == ("insufficient-evidence", "the assurance of the tests is too low")


def test_a_ledger_that_knows_of_no_tests_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected the tool that runs them."""
    shop = Verified()
    shop.ship("one")
    assert items(shop, tmp_path, TEST) == {
        "one": ("insufficient-evidence", "this ledger knows of no tests at all")
    }
