"""One plausible example of every event type, made from its structure."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from domain.events.registry import TYPES, EventType

_COMMIT: Final = "3f786850e387550fdab836ed7e6dc881de23001b"
_DIGEST: Final = "sha256:" + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PERSON: Final = {"system": "code.example", "login": "mchen", "email": "m.chen@example.com"}
_AT: Final = "2026-03-03T08:55:00Z"

_VALUES: Final[dict[str, Any]] = {
    "service": "checkout",
    "environment": "production",
    "repository": "https://code.example/acme/checkout",
    "commit": _COMMIT,
    "artifact": {"digest": _DIGEST, "purl": "pkg:oci/checkout"},
    "release": "1.4.0",
    "run": "4711",
    "actor": _PERSON,
    "ref": "refs/heads/main",
    "authors": [_PERSON],
    "parents": ["89e6c98d92887913cadf06b2adb97f26cde4849b"],
    "message": "Round totals up",
    "number": 128,
    "title": "Round totals up",
    "author": _PERSON,
    "reviewer": {"system": "code.example", "login": "asingh"},
    "verdict": "approved",
    "method": "squash",
    "merge_commit": _COMMIT,
    "system": "tracker.example",
    "key": "OPS-311",
    "task": "database-checks",
    "pipeline": "deliver",
    "outcome": "success",
    "version": "1.4.0",
    "kind": None,
    "counts": {"high": 1, "medium": 4},
    "tool": "codeql",
    "tool_version": "2.19.1",
    "lines_covered": 940,
    "lines_valid": 1000,
    "approval": "apr-77",
    "subjects": [{"kind": "artifact", "digest": _DIGEST}],
    "environments": ["production"],
    "policy": "production-gate",
    "digest": _DIGEST,
    "decision": "allow",
    "gate": "gate-12",
    "waiver": "wvr-3",
    "expires": "2026-06-30T00:00:00Z",
    "freeze": "frz-1",
    "emergency": "emg-2",
    "reason": "Payments fail for one bank",
    "framework": "SOC2",
    "control": "CC8.1",
    "deficiency": "def-5",
    "evidence": "evd-9",
    "person": "per_" + "0123456789abcdef" * 2,
    "other": "per_" + "fedcba9876543210" * 2,
    "deployment": "d-2031",
    "flag": "new-totals",
    "migration": "0042_totals",
    "running": [{"service": "checkout", "digest": _DIGEST, "replicas": 3}],
    "adds": 2,
    "changes": 1,
    "destroys": 0,
    "resource": "deployment/checkout",
    "tier": "production",
    "team": "payments",
    "incident": "INC-88",
    "severity": "high",
    "authority": "supervisory authority",
    "recovery": "rec-4",
    "planned": True,
    "from_site": "eu-west",
    "to_site": "eu-north",
    "rto_wanted_s": 900,
    "rto_reached_s": 412,
    "lag_s": 1.5,
    "path": "secret/data/checkout/database",
    "accessor": _PERSON,
    "target": "cluster/production",
    "subject": _PERSON,
    "role": "administrator",
    "fingerprint": "b1946ac92492d234",
    "rule": "HighErrorRate",
    "name": "code-host",
    "origin": "ledger.example/acme",
    "hash": "sha-256",
    "keys": ["ledger.example/acme+485c432a+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"],
    "credential": "crd_" + "0123456789abcdef" * 2,
    "position": 42,
    "parts": ["text"],
    "size": 1200,
    "witness": "witness.example/north",
    "offset_s": 0.004,
    "started_at": _AT,
}
_KINDS: Final = {
    "pipeledger.tests.finished": "integration",
    "pipeledger.scan.finished": "sast",
    "pipeledger.deployment.started": "planned",
    "pipeledger.deployment.finished": "planned",
    "pipeledger.ticket.opened": "change",
    "pipeledger.source.registered": "github",
}
_SPECIAL: Final[dict[tuple[str, str], Any]] = {
    ("pipeledger.control.evaluated", "outcome"): "satisfied",
    ("pipeledger.ledger.created", "format"): 1,
    ("pipeledger.change.reviewed", "reviewed"): _COMMIT,
    ("pipeledger.deployment.finished", "impact"): False,
    ("pipeledger.command.proposed", "command"): "event.voided",
    ("pipeledger.command.proposed", "event_voided"): {
        "position": 42,
        "reason": "Reported twice",
    },
    ("pipeledger.command.withdrawn", "proposal"): 43,
}


def example(kind: EventType) -> dict[str, Any]:
    """A CloudEvents object of this type that the door takes as to its form."""
    data: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind.data):
        name = field.encode_name
        value = _SPECIAL.get((kind.name, name), _VALUES.get(name))
        if name == "kind":
            value = _KINDS.get(kind.name)
        if value is not None:
            data[name] = value
    number = list(TYPES).index(kind.name) + 1
    return {
        "specversion": "1.0",
        "id": f"example-{number}",
        "source": "https://ci.example/acme/checkout",
        "type": kind.versioned,
        "time": "2026-03-03T09:00:00+01:00",
        "data": data,
    }
