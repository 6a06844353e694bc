"""Stand-ins for the tools of a pipeline: each writes, where it is told to, what such a tool writes.

A real scanner or cluster is not at hand where the tests run; the lines of the pages are.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "d" * 64
IMAGE = f"registry.example/shop@{DIGEST}"
JUNIT = (
    '<testsuites name="pytest tests"><testsuite name="{name}"><testcase classname="c" name="a"/>\
</testsuite></testsuites>'
)
SARIF = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "CodeQL"}}, "results": []}]}
SEMGREP = {"version": "1.140.0", "results": [], "errors": [], "paths": {"scanned": ["a.py"]}}
SONAR = "projectKey=shop\nserverUrl=https://sonar.example\nserverVersion=2026.1\nceTaskId=AV1\n\
ceTaskUrl=https://sonar.example/api/ce/task?id=AV1\ndashboardUrl=https://sonar.example/d?id=shop\n"
ZAP = {
    "@programName": "ZAP", "@version": "2.17.0", "@generated": "Fri, 2 Jan 2026 03:04:05",
    "site": [{"@name": "https://shop.staging.example", "@host": "shop.staging.example",
              "alerts": []}],
}  # fmt: skip
TRIVY = {
    "SchemaVersion": 2, "CreatedAt": "2026-01-02T03:04:05Z", "ArtifactName": IMAGE,
    "ArtifactType": "container_image",
    "Results": [{"Target": "shop (debian 13)", "Class": "os-pkgs", "Type": "debian"}],
}  # fmt: skip
CHECKS = {
    "SchemaVersion": 2, "ArtifactName": "deploy", "ArtifactType": "filesystem",
    "Results": [{"Target": "shop.yaml", "Class": "config", "Type": "kubernetes",
                 "MisconfSummary": {"Successes": 9, "Failures": 0}}],
}  # fmt: skip
SNYK = {"vulnerabilities": [], "ok": True, "dependencyCount": 9, "packageManager": "deb",
        "projectName": "docker-image|shop", "docker": {}, "path": IMAGE}  # fmt: skip
PACT = {"result": True, "output": [], "notices": [], "errors": [], "pendingErrors": [],
        "interactionResults": []}  # fmt: skip
K6 = {
    "metrics": {"checks": {"passes": 5, "fails": 0, "value": 1},
                "http_req_duration": {"avg": 9, "thresholds": {"p(95)<500": False}}},
    "root_group": {"name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e",
                   "groups": {}, "checks": {}},
}  # fmt: skip
PLAN = {"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {},
        "resource_changes": [], "timestamp": "2026-01-01T10:00:00Z"}  # fmt: skip
APPLY = [
    {"@level": "info", "@message": "m", "@module": "terraform.ui", "type": "version",
     "@timestamp": "2026-01-01T10:00:00.000000Z", "terraform": "1.9.5", "ui": "1.2"},
    {"@level": "info", "@message": "m", "@module": "terraform.ui", "type": "change_summary",
     "@timestamp": "2026-01-01T10:00:05.000000Z",
     "changes": {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "apply"}},
]  # fmt: skip
APPLICATION: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
    "metadata": {"name": "shop", "namespace": "argocd", "uid": "u-1"},
    "spec": {"source": {"repoURL": "https://code.example/acme/config.git", "path": "shop"},
             "destination": {"name": "eu-1", "namespace": "shop"}, "project": "shop"},
    "status": {
        "sync": {"status": "Synced", "revision": "5" * 40}, "health": {"status": "Healthy"},
        "summary": {"images": [IMAGE]},
        "history": [{"id": 0, "revision": "5" * 40, "deployStartedAt": "2026-01-01T10:00:00Z",
                     "deployedAt": "2026-01-01T10:00:05Z",
                     "source": {"repoURL": "https://code.example/acme/config.git",
                                "path": "shop"}}],
    },
}  # fmt: skip
PODS = {"kind": "List", "items": [{
    "kind": "Pod",
    "metadata": {"name": "shop-1", "namespace": "shop",
                 "labels": {"app.kubernetes.io/name": "shop"}},
    "spec": {"containers": [{"name": "shop", "image": IMAGE}]},
    "status": {"phase": "Running", "containerStatuses": [
        {"name": "shop", "image": IMAGE, "imageID": IMAGE, "ready": True,
         "state": {"running": {}}}]},
}]}  # fmt: skip
_ASKED: dict[str, Any] = {"id": "r-1", "operation": "read", "path": "secret/data/shop/production",
                          "mount_type": "kv"}  # fmt: skip
_WHO = {"display_name": "token-shop", "policies": ["shop"], "token_type": "service"}
_AUDITED = {"time": "2026-01-01T10:00:00Z", "auth": _WHO, "request": _ASKED}
AUDIT = [
    _AUDITED | {"type": "request"},
    _AUDITED | {"type": "response", "response": {"data": {"data": {}, "metadata": {}}}},
]


@dataclass(frozen=True)
class Writes:
    """What a tool does when its call holds these words.

    Attributes:
        words: that stand in the call.
        body: what it writes.
        option: after which the file is named; nothing: it prints.
    """

    words: str
    body: str
    option: str = ""


TOOLS: dict[str, list[Writes]] = {
    "pytest": [Writes("tests/integration", JUNIT.format(name="integration"), "--junitxml"),
               Writes("", JUNIT.format(name="unit"), "--junitxml")],
    "semgrep": [Writes("scan --json", json.dumps(SEMGREP), "--output")],
    "trivy": [Writes("image --format json", json.dumps(TRIVY), "--output"),
              Writes("config --format json", json.dumps(CHECKS), "--output")],
    "snyk": [Writes("container test", json.dumps(SNYK), "--json-file-output")],
    "pact_verifier_cli": [Writes("--file", json.dumps(PACT), "--json")],
    "k6": [Writes("run", json.dumps(K6), "--summary-export")],
    "terraform": [Writes("plan -input=false", "", "-out"), Writes("show -json", json.dumps(PLAN)),
                  Writes("apply", "\n".join(map(json.dumps, APPLY)))],
    "argocd": [Writes("app wait", ""), Writes("app list", json.dumps([APPLICATION])),
               Writes("app get", json.dumps(APPLICATION))],
    "kubectl": [Writes("wait chaosresult/", ""), Writes("get pods", json.dumps(PODS))],
    "deploy.sh": [Writes("", "")],
    "failover.sh": [Writes("", "")],
    "rotate-database-password.sh": [Writes("", "")],
    "replication-lag.sh": [Writes("", "4.2\n")],
    "docker-bench-security.sh": [Writes("", "", "-l")],
}  # fmt: skip
FILES = {
    "codeql/javascript.sarif": json.dumps(SARIF),
    ".scannerwork/report-task.txt": SONAR,
    "report_json.json": json.dumps(ZAP),
    "vault/audit.log.1.gz": "\n".join(map(json.dumps, AUDIT)),
}
"""What actions write, which are no shell."""
_SCRIPT = """\
#!/bin/sh
case "$*" in
{rules}
*) echo "no such call: $*" >&2; exit 1;;
esac
if [ -n "$option" ]; then
  while [ "$1" != "$option" ] && [ "$1" = "${{1#"$option="}}" ]; do shift; done
  if [ "$1" = "$option" ]; then file=$2; else file=${{1#"$option="}}; fi
  printf %s "$body" > "$file"
else
  printf %s "$body"
fi
exit {status}
"""


def install(place: Path, work: Path, status: int = 0) -> None:
    """Make the tools, and what lies in the workspace.

    Args:
        place: folder on the PATH.
        work: the workspace; scripts of the project lie there.
        status: with which every tool ends.
    """
    for name, rules in TOOLS.items():
        folder = work if name.endswith(".sh") else place
        script = folder / name
        script.write_text(_SCRIPT.format(rules="\n".join(map(_case, rules)), status=status))
        script.chmod(0o755)


def _case(one: Writes) -> str:
    """What a shell that starts quicker than anything else does of it."""
    body, option = shlex.quote(one.body), shlex.quote(one.option)
    return f"*{shlex.quote(one.words)}*) body={body} option={option};;"
