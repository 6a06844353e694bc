"""Small in-toto statements in their envelopes, and how they are read."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

ONE, TWO, COMMIT, OTHER = "1" * 64, "2" * 64, "c" * 40, "d" * 40
REPOSITORY = "https://code.example/acme/shop"
RUN = "https://github.com/acme/shop/actions/runs/77/attempts/2"


def statement(
    kind: str, predicate: Any = None, *subjects: dict[str, Any], version: str = "v1"  # noqa: ANN401 - JSON
) -> dict[str, Any]:  # fmt: skip
    """A statement on two artifacts, or on the given ones."""
    two = ({"name": "shop.tgz", "digest": {"sha256": ONE}},
           {"name": "pkg:npm/shop@1", "digest": {"sha512": TWO * 2, "sha1": COMMIT}})  # fmt: skip
    return {
        "_type": f"https://in-toto.io/Statement/{version}", "predicateType": kind,
        "subject": list(subjects or two), "predicate": predicate,
    }  # fmt: skip


def envelope(value: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A statement in a DSSE envelope."""
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    return {
        "payloadType": "application/vnd.in-toto+json", "payload": payload,
        "signatures": [{"keyid": "", "sig": "AAAA"}],
    } | more  # fmt: skip


def read(*values: Any) -> list[Reading]:  # noqa: ANN401 - JSON
    """What a file of them says, each on a line."""
    report = read_report("\n".join(map(json.dumps, values)).encode())
    assert report.format.name == "in-toto"
    for reading in report.readings:
        through_door(reading)
    return report.readings


def kinds(readings: list[Reading]) -> list[str]:
    """The types of readings, in short."""
    return [one.type.removeprefix("pipeledger.").removesuffix(".v1") for one in readings]


OLD: dict[str, Any] = {
    "builder": {"id": "https://ci.example/builder"},
    "invocation": {"configSource": {"uri": f"git+{REPOSITORY}@refs/tags/v1",
                                    "digest": {"sha1": COMMIT}}},
    "metadata": {"buildInvocationID": "77", "buildStartedOn": "2026-01-01T10:00:00Z",
                 "buildFinishedOn": "2026-01-01T10:02:00Z"},
    "materials": [{"uri": "pkg:docker/alpine@3", "digest": {"sha256": ONE}},
                  {"uri": f"git+{REPOSITORY}@refs/tags/v1", "digest": {"sha1": COMMIT}}],
}  # fmt: skip
NEW: dict[str, Any] = {
    "buildDefinition": {
        "externalParameters": {"workflow": {"repository": REPOSITORY, "ref": "refs/heads/main"}},
        "resolvedDependencies": [{"uri": f"git+{REPOSITORY}@refs/heads/main",
                                  "digest": {"gitCommit": COMMIT}}],
    },
    "runDetails": {
        "builder": {"id": "https://ci.example/builder"},
        "metadata": {"invocationId": "77", "startedOn": "2026-01-01T10:00:00Z",
                     "finishedOn": "2026-01-01T10:02:00Z"},
    },
}  # fmt: skip
SLSA = "https://slsa.dev/provenance/"
