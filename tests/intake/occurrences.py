"""Small CDEvents and CloudEvents, and how they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
from tests.fixtures import facts
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

DIGEST = "sha256:" + "ab" * 32
PURL = f"pkg:oci/shop@{DIGEST.replace(':', '%3A')}"
REPOSITORY = {"id": "acme/shop", "source": "https://code.example"}
PLACED: dict[str, Any] = {"environment": {"id": "production"}, "artifactId": PURL}


def event_of(
    kind: str, /, subject: str = "s-1", version: str = "0.3.0", **content: object
) -> dict[str, Any]:
    """An event of a type without prefix and version."""
    prefix = "" if kind.startswith("dev.") else "dev.cdevents."
    return {
        "context": {"specversion": "0.5.1", "id": "e-1", "source": "/ci/one", "chainId": "ch-1",
                    "type": f"{prefix}{kind}.{version}", "timestamp": "2026-01-01T10:00:00+01:00"},
        "subject": {"id": subject, "source": "/ci/one", "content": content},
    }  # fmt: skip


def all_of(value: object) -> list[Reading]:
    """The readings of a file, as the door takes them."""
    report = read_report(json.dumps(value).encode())
    for reading in report.readings:
        through_door(reading)
        assert "planted" not in json.dumps(reading.data)
    return report.readings


def one(kind: str, /, **content: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - JSON
    """Type and data of the only reading of an event."""
    (reading,) = all_of(event_of(kind, **content))
    assert reading.time == "2026-01-01T10:00:00+01:00"
    assert reading.source == "cdevents:/ci/one"
    assert reading.data["chain"] == "ch-1"
    return reading.type[11:-3], reading.data


PLATFORMS = facts("SOURCES-platforms.tsv")
