"""A file of every format to begin from: real ones where there are, else small ones of our own."""

from __future__ import annotations

import json
from typing import Any, Final

from domain.errors import PipeledgerError
from intake.body import check_body
from intake.registry import FORMATS
from intake.shape import shape_of
from tests.fixtures import FOLDER
from tests.intake.delivered import DELIVERED
from tests.intake.guards import GUARDS
from tests.intake.watched import WATCHED

_SHA: Final = "c" * 40
_SOURCE: Final = {"repoURL": "https://code.example/acme/shop", "path": "deploy"}
_APP: Final = {
    "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
    "metadata": {"name": "shop", "namespace": "argocd"},
    "spec": {"source": _SOURCE, "destination": {"name": "eu-1", "namespace": "production"}},
    "status": {
        "history": [{"id": 0, "revision": _SHA, "source": _SOURCE,
                     "deployStartedAt": "2026-01-01T10:00:00Z",
                     "deployedAt": "2026-01-01T10:00:05Z"}],
        "operationState": {"phase": "Succeeded", "startedAt": "2026-01-09T10:00:00Z",
                           "finishedAt": "2026-01-09T10:01:00Z",
                           "operation": {"sync": {"revision": _SHA},
                                         "initiatedBy": {"username": "mia"}},
                           "syncResult": {"revision": _SHA, "source": _SOURCE}},
    },
}  # fmt: skip
_HELM: Final = [
    {"revision": number, "updated": f"2026-01-0{number}T10:00:00.5+01:00", "status": status,
     "chart": "till-web-1.2.3", "app_version": "4.5", "description": description}
    for number, status, description in (
        (1, "superseded", "Install complete"), (2, "failed", 'Upgrade "shop" failed: timed out'),
        (3, "deployed", "Rollback to 1"),
    )
]  # fmt: skip
_PACT_CORE: Final = {
    "result": False, "errors": [], "pendingErrors": [],
    "interactionResults": [
        {"consumer": "Web", "provider": "Orders", "description": "one", "result": "OK",
         "pending": False, "duration": "1.5ms", "interactionId": "i1"},
        {"consumer": "Web", "provider": "Orders", "description": "two", "result": "Error",
         "pending": False, "mismatch": {"type": "error", "message": "x"}},
    ],
}  # fmt: skip
_PACT_WEBHOOK: Final = {
    "eventName": "provider_verification_published", "consumerName": "Web",
    "providerName": "Orders", "consumerVersionNumber": "1.0", "providerVersionNumber": _SHA,
    "githubVerificationStatus": "failure", "pactUrl": "https://broker.example/pacts/1",
}  # fmt: skip
_CAN_I_DEPLOY: Final = {
    "summary": {"deployable": False, "reason": "There is no verified pact", "success": 1,
                "failed": 1, "unknown": 0},
    "matrix": [],
}  # fmt: skip
_JENKINS: Final = {
    "name": "shop", "display_name": "shop", "url": "job/acme/job/shop/",
    "build": {"full_url": "https://ci.example/job/acme/job/shop/31/", "number": 31,
              "phase": "COMPLETED", "status": "UNSTABLE", "timestamp": 1_767_261_600_000,
              "duration": 90_500, "url": "job/acme/job/shop/31/",
              "scm": {"url": "git@code.example:acme/shop.git", "branch": "main", "commit": _SHA},
              "test_summary": {"total": 10, "failed": 2, "passed": 7, "skipped": 1}},
}  # fmt: skip
_SARIF: Final = {
    "version": "2.1.0",
    "runs": [{"tool": {"driver": {"name": "Looker", "version": "1.2", "rules": [
                 {"id": "A1", "properties": {"security-severity": "9.8"}}]}},
              "results": [{"ruleId": "A1", "message": {"text": "m"}, "locations": [
                  {"physicalLocation": {"artifactLocation": {"uri": "a.py"},
                                        "region": {"startLine": 3}}}]}],
              "invocations": [{"executionSuccessful": True,
                               "endTimeUtc": "2026-02-03T04:05:06Z"}]}],
}  # fmt: skip
_JUNIT: Final = """<?xml version="1.0"?>
<testsuites name="all"><testsuite name="s" tests="3" timestamp="2026-01-05T10:00:00" time="1,061.5">
<testcase classname="c" name="one" time="0.5"/>
<testcase classname="c" name="two"><failure message="m">trace</failure></testcase>
<testcase classname="c" name="three"><skipped/></testcase></testsuite></testsuites>
"""
_TASK: Final = """projectKey=acme:shop
serverUrl=https://sonar.example
serverVersion=9.9.1.69595
ceTaskId=AV1
ceTaskUrl=https://sonar.example/api/ce/task?id=AV1
"""
_VALUES: Final[dict[str, Any]] = {
    "sarif": _SARIF,
    "junit": _JUNIT,
    "argocd": _APP,
    "argocd-notification": {"app": _APP, "service": "till", "environment": "live"},
    "helm": _HELM,
    "pact-verifier": _PACT_CORE,
    "pact-webhook": _PACT_WEBHOOK,
    "pact-can-i-deploy": _CAN_I_DEPLOY,
    "jenkins-notification": _JENKINS,
    "sonar-report-task": _TASK,
}
OWN: Final = {
    name: (value if isinstance(value, str) else json.dumps(value, indent=1)).encode()
    for name, value in (_VALUES | DELIVERED | GUARDS | WATCHED).items()
}
"""Small files of our own, by their format."""


def format_of(body: bytes) -> str | None:
    """The format that a file is recognised as, or None."""
    try:
        shape = shape_of(check_body(body))
    except PipeledgerError:
        return None
    return next((one.name for one in FORMATS if one.claims(shape)), None)


def samples() -> dict[str, list[bytes]]:
    """Files by their format; without the folder of real ones those of our own."""
    found: dict[str, list[bytes]] = {one.name: [] for one in FORMATS}
    for name, body in OWN.items():
        found[name].append(body)
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in (".tsv", ".md"):
            body = path.read_bytes()
            if (told := format_of(body)) is not None:
                found[told].append(body)
    return {name: bodies for name, bodies in found.items() if bodies}
