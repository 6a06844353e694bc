"""Commands to a ledger: sent once, answered at once, and never kept for later.

A decision that waits in a spool would be one on a state that nobody looked at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeledger.errors import AwayError, UsageError
from pipeledger.receipt import check_receipt
from pipeledger.transport import Transport, refusal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pipeledger.settings import Settings

KINDS = {
    "artifact": "digest", "commit": "commit", "plan": "digest", "config": "digest",
    "release": "release",
}  # fmt: skip
"""What is approved, and the field that says which."""
_TAKEN = 201
_WORDS = ("approval", "emergency", "state")
# They are pasted into a shell, and printed on a terminal.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def decide(settings: Settings, path: str, body: dict[str, Any], kind: str) -> dict[str, Any]:
    """Send a command; what the ledger answers: a receipt, and what it is about.

    Args:
        settings: where, and in whose name.
        path: below the ledger's address.
        body: of the request.
        kind: type of the event that it becomes, without prefix.

    Raises:
        UsageError: no address is set.
        AwayError: the ledger does not answer, or not with such a receipt.
        ClientError: it refuses.
    """
    headers = {"Content-Type": "application/json"}
    said = json.dumps(body).encode()
    answer = _transport(settings).request("POST", path, body=said, headers=headers)
    if answer.status != _TAKEN:
        raise refusal(answer)
    found = answer.object()
    check_receipt(found, kind)
    if any(_WORD.fullmatch(str(found[name])) is None for name in _WORDS if name in found):
        raise AwayError("what answered is no ledger: it names nothing that can be named")
    return found


def approval(settings: Settings, identity: str) -> dict[str, Any]:
    """One approval as it stands now.

    Raises:
        UsageError: no address is set.
        AwayError: the ledger does not answer with an approval.
        ClientError: it refuses.
    """
    answer = _transport(settings).request("GET", path_of(identity))
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise refusal(answer)
    found = answer.object()
    asked = found.get("asked", {})
    if (
        found.get("approval") != identity
        or not isinstance(asked, dict)
        or not isinstance(subjects := asked.get("subjects", []), list)
        or not all(isinstance(one, dict) for one in subjects)
    ):
        raise AwayError("what answered is no ledger: its answer is no approval")
    return found


def path_of(identity: str, step: str = "") -> str:
    """Where an approval, or a step of it, is."""
    return f"approvals/{quote(identity, safe='')}" + (f"/{step}" if step else "")


def add_subjects(parser: argparse.ArgumentParser) -> None:
    """Options that say what is approved, one for each kind."""
    for kind, field in KINDS.items():
        parser.add_argument(
            f"--{kind}", action="append", default=[], metavar=field.upper(), help="repeat it"
        )


def subjects_of(options: argparse.Namespace) -> list[dict[str, str]]:
    """What the options say is approved."""
    return [
        {"kind": kind, field: value}
        for kind, field in KINDS.items()
        for value in getattr(options, kind)
    ]


def written(subject: dict[str, Any]) -> str:
    """A subject for people: its kind and which it is, in full."""
    return " ".join(_which(subject))


def _which(subject: dict[str, Any]) -> Iterable[str]:
    yield str(subject.get("kind"))
    for field in dict.fromkeys(KINDS.values()):
        if subject.get(field):
            yield str(subject[field])


def _transport(settings: Settings) -> Transport:
    if not settings.url:
        raise UsageError("PIPELEDGER_URL is not set")
    return Transport(settings.url, settings.ledger, settings)
