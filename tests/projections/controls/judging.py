"""A shop whose deliveries are told for tests of controls, and what these tests came to.

Everything is recorded a second after it happened, unless a test says otherwise.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.instant import read_time
from projections.asked_controls import asked_tests
from projections.catalogue import built_in
from tests.projections.story import Story, viewing

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY: Final = "https://code.example/acme/shop"
ANNA, BERT, CLEO, DORA = (f"per_{letter * 32}" for letter in "abcd")


def digest(name: str) -> str:
    """The digest of what is called so."""
    return f"sha256:{sha256(name.encode()).hexdigest()}"


def sha(name: str) -> str:
    """The commit that is called so."""
    return sha256(name.encode()).hexdigest()[:40]


class Shop(Story):
    """One service, `shop`, in one year; instants are written `03-01T10:00`."""

    def say(self, kind: str, time: str, /, recorded: str | None = None, **data: Any) -> int:  # noqa: ANN401
        """Append an event; gives its position.

        Args:
            kind: type without prefix and version.
            time: when it happened.
            recorded: when the ledger took it in; None: a second later.
            data: of the event, and what `Story.tell` takes.
        """
        happened = f"2026-{time}:00Z" if len(time) == len("03-01T10:00") else f"2026-{time}Z"
        at = f"2026-{recorded}:00Z" if recorded else None
        known = read_time(at or happened, "time") + timedelta(seconds=0 if at else 1)
        return self.tell(kind, happened, at=known, **data)

    def deploy(self, name: str, time: str, *contents: str, **more: Any) -> int:  # noqa: ANN401
        """A deployment of digests to production that ended with success."""
        data: dict[str, Any] = {
            "deployment": name, "service": "shop", "environment": "production",
            "outcome": "success", "repository": REPOSITORY,
            "artifacts": [{"digest": digest(one)} for one in contents],
        }  # fmt: skip
        return self.say("deployment.finished", time, **(data | more))

    def approve(self, name: str, time: str, content: str, **more: Any) -> int:  # noqa: ANN401
        """An approval of a digest for production, given by Cleo and observed by the ledger."""
        data: dict[str, Any] = {
            "approval": name, "verdict": "approved", "approver": CLEO, "assurance": "observed",
            "subjects": [{"kind": "artifact", "digest": digest(content)}],
            "environments": ["production"], "service": "shop",
        }  # fmt: skip
        return self.say("approval.reported", time, **(data | more))

    def commit(self, name: str, time: str, *authors: str, **more: Any) -> int:  # noqa: ANN401
        """A commit that somebody wrote and pushed."""
        data: dict[str, Any] = {
            "repository": REPOSITORY, "commit": sha(name), "authors": list(authors),
        }  # fmt: skip
        return self.say("commit.pushed", time, **(data | more))

    def link(self, time: str, one: str, other: str, what: str = "linked") -> int:
        """Two accounts are said to be one person's, or not."""
        return self.say(f"person.{what}", time, person=one, other=other, assurance="decided")

    def propose(self, number: int, what: str, time: str, **more: Any) -> int:  # noqa: ANN401
        """A step of a proposed change to the main branch (`proposed`, `reviewed`, `merged` …)."""
        data: dict[str, Any] = {
            "repository": REPOSITORY, "number": number, "target_ref": "refs/heads/main",
        }  # fmt: skip
        return self.say(f"change.{what}", time, **(data | more))

    def build(self, time: str, content: str, commit: str, **more: Any) -> int:  # noqa: ANN401
        """A build that made a digest of a commit."""
        data: dict[str, Any] = {
            "service": "shop", "outcome": "success", "repository": REPOSITORY,
            "commit": sha(commit), "artifacts": [{"digest": digest(content)}],
        }  # fmt: skip
        return self.say("build.finished", time, **(data | more))

    def attest(self, time: str, content: str, **more: Any) -> int:  # noqa: ANN401
        """The provenance of a digest was verified."""
        data: dict[str, Any] = {
            "artifact": {"digest": digest(content)}, "outcome": "success",
            "predicate_type": "https://slsa.dev/provenance/v1", "builder": "https://builder.example",
        }  # fmt: skip
        return self.say("attestation.verified", time, **(data | more))

    def waive(self, name: str, time: str, test: str, until: str, **more: Any) -> int:  # noqa: ANN401
        """A waiver that excepts from a test until an instant."""
        data = {
            "waiver": name, "controls": [test], "expires": f"2026-{until}:00Z",
            "requester": ANNA, "approver": BERT,
        }  # fmt: skip
        return self.say("waiver.granted", time, assurance="decided", **(data | more))

    def scan(self, time: str, content: str, *rules: str, **more: Any) -> int:  # noqa: ANN401
        """A whole scan of a digest by the tool `trivy`, which found these.

        Args:
            time: when it ended.
            content: what was scanned.
            rules: what was found, each `severity rule`; after `!` it is suppressed in the tool.
            more: fields of the event.
        """
        found = [
            {"tool": "trivy", "severity": one.lstrip("!").split()[0], "rule": one.split()[-1],
             "fingerprint": f"print {one.split()[-1]}", "suppressed": one.startswith("!") or None}
            for one in rules
        ]  # fmt: skip
        data: dict[str, Any] = {
            "kind": "sca", "tool": "trivy", "outcome": "success", "service": "shop",
            "artifact": {"digest": digest(content)}, "findings_count": len(rules),
            "counts": {"critical": 0} | Counter(one["severity"] for one in found),
            "findings": digest(f"findings of {time}") if rules else None, "found": found or None,
        }  # fmt: skip
        return self.say("scan.finished", time, **(data | more))


def asked(test: str, **changed: Any) -> str:  # noqa: ANN401 - of several types
    """What is asked of one test, with some of its parameters changed."""
    told = json.loads(asked_tests(built_in(), [test]))
    told["tests"][0]["parameters"].update(changed)
    return msgspec.json.encode(told).decode()


def items(
    story: Story,
    folder: Path,
    test: str,
    changed: dict[str, Any] | None = None,
    **chosen: Any,  # noqa: ANN401 - of several types
) -> dict[str, tuple[str, str]]:
    """What a test came to: outcome and reason by the last word of what was judged.

    Args:
        story: what was told.
        folder: for files.
        test: its id.
        changed: parameters of the test.
        chosen: parameters of the answer.
    """
    rows = full_items(story, folder, test, changed, **chosen)
    return {row["item_key"].split()[-1]: (row["outcome"], row["reason"]) for row in rows}


def full_items(
    story: Story,
    folder: Path,
    test: str,
    changed: dict[str, Any] | None = None,
    **chosen: Any,  # noqa: ANN401 - of several types
) -> list[dict[str, Any]]:
    """The rows of `control_items` of one test."""
    with viewing(story, folder, controls=asked(test, **(changed or {})), **chosen) as view:
        found: list[dict[str, Any]] = view.table("control_items").to_pylist()
    assert {row["test"] for row in found} <= {test}
    assert all(row["positions"] for row in found), "an item without entries behind it"
    return found


def result(
    story: Story,
    folder: Path,
    test: str,
    changed: dict[str, Any] | None = None,
    empty: str | None = None,
    **chosen: Any,  # noqa: ANN401 - of several types
) -> dict[str, Any]:
    """The row of `control_results` of one test; `empty` is what it comes to without an item."""
    told = asked(test, **(changed or {}))
    if empty is not None:
        told = told.replace('"empty":"insufficient-evidence"', f'"empty":"{empty}"')
    with viewing(story, folder, controls=told, **chosen) as view:
        (row,) = view.table("control_results").to_pylist()
    found: dict[str, Any] = row
    return found
