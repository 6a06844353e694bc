"""Small files of our own of what builds, releases and approves, where no real ones are at hand."""

from __future__ import annotations

from typing import Any, Final

_SHA: Final = "c" * 40
_PERSON: Final = {"accountId": "a1", "displayName": "Mia Chen"}
_TOTALS: Final = {"files": 2, "lines": 24, "hits": 19, "misses": 5, "partials": 0,
                  "coverage": "79.16667"}  # fmt: skip
_ISSUE: Final = {
    "id": "10", "key": "OPS-7", "self": "https://acme.example/rest/api/2/issue/10",
    "fields": {
        "summary": "Move it", "issuetype": {"name": "[System] Change"}, "reporter": _PERSON,
        "status": {"name": "Done", "statusCategory": {"key": "done"}},
        "created": "2026-01-05T09:00:00.000+0100", "resolutiondate": "2026-01-06T09:00:00.000+0100",
        "customfield_1": [{"id": "3", "finalDecision": "approved", "approvers": [
            {"approver": _PERSON, "approverDecision": "approved"}]}],
        "customfield_2": "2026-01-06T22:00:00.000+0100",
    },
    "names": {"customfield_2": "Planned start"},
}  # fmt: skip
DELIVERED: Final[dict[str, Any]] = {
    "checkmarx-one-report": {
        "reportHeader": {"projectName": "till"},
        "scanSummary": {"scanCompletedDate": "2026-01-05 10:00:00.5 +0000 UTC"},
        "scanResults": {"resultsList": [{"queryName": "XSS", "vulnerabilities": [
            {"similarityId": 1, "state": "To Verify", "severity": "High",
             "destinationFileName": "/a.kt", "foundDate": "2026-01-05T10:00:00Z"}]}]},
        "iacScanResults": {"technology": [{"queries": [{"queryName": "Q", "resultsList": [
            {"severity": "Low", "fileName": "main.tf", "state": "Not Exploitable"}]}]}]},
    },
    "codecov": {
        "repo": {"name": "till"}, "owner": {"username": "acme"}, "pull": {"number": "7"},
        "head": {"commitid": _SHA, "branch": "main", "totals": _TOTALS,
                 "service_url": f"https://code.example/acme/till/commit/{_SHA}"},
    },
    "jenkins-x": {
        "apiVersion": "jenkins.io/v1", "kind": "PipelineActivity",
        "metadata": {"name": "acme-till-main-12"},
        "spec": {"pipeline": "acme/till/main", "build": "12", "status": "Failed",
                 "gitUrl": "https://code.example/acme/till.git", "gitBranch": "main",
                 "gitRepository": "till", "lastCommitSHA": _SHA, "version": "1.2.3",
                 "startedTimestamp": "2026-01-05T10:00:00Z",
                 "completedTimestamp": "2026-01-05T10:01:00Z",
                 "steps": [{"stage": {"name": "build", "status": "Succeeded"}},
                           {"promote": {"environment": "live", "status": "Failed"}}]},
    },
    "jira": {
        "timestamp": 1_767_607_290_500, "webhookEvent": "jira:issue_updated", "user": _PERSON,
        "issue": _ISSUE, "changelog": {"items": [{"field": "status", "toString": "Done"}]},
    },
    "jira-issue": _ISSUE,
    "servicenow": {"result": [
        {"number": "CHG0030001", "sys_id": "a" * 32, "state": "3", "type": "normal", "risk": "2",
         "start_date": "2026-01-06 22:00:00", "closed_at": "2026-01-07 10:00:00",
         "closed_by": {"display_value": "Mia Chen", "value": "b" * 32}},
        {"sys_id": "d" * 32, "state": "approved", "sysapproval": {"display_value": "CHG0030001"},
         "approver": {"value": "b" * 32}, "sys_updated_on": "2026-01-05 10:00:00"},
    ]},
}  # fmt: skip
"""By the format they are of."""
