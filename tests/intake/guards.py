"""Small files of our own of what guards images, hosts and clusters."""

from __future__ import annotations

import json
from typing import Any, Final

_DIGEST, _ID = ("sha256:" + digit * 64 for digit in "ab")
_REVIEW: Final = {
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
    "request": {
        "uid": "u-1", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "name": "shop", "namespace": "live", "operation": "UPDATE",
        "userInfo": {"username": "mia@acme.example"},
    },
    "response": {"uid": "u-1", "allowed": False, "status": {"message": "no label"},
                 "warnings": ["an old version"]},
}  # fmt: skip
_BENCH: Final = """# Docker Bench for Security v1.6.0
# Based on the CIS Docker Benchmark 1.6.0.

Initializing 2026-01-02T03:04:05+01:00

[INFO] 1 - Host Configuration
[INFO] 1.1 - Linux Hosts Specific Configuration
[WARN] 1.1.1 - Ensure a separate partition for containers has been created (Automated)
[PASS] 1.1.2 - Ensure only trusted users are allowed to control Docker daemon (Automated)
[NOTE] 1.2.1 - Ensure the container host has been Hardened (Manual)

[INFO] Checks: 3
[INFO] Score: 0
"""
_NODE: Final = """[INFO] 4 Worker Node Security Configuration
[INFO] 4.1 Worker Node Configuration Files
[PASS] 4.1.1 Ensure that the kubelet service file permissions are set (Automated)
[FAIL] 4.1.2 Ensure that the kubelet service file ownership is set (Automated)

== Summary node ==
1 checks PASS
1 checks FAIL
0 checks WARN
0 checks INFO
"""
_TABLE: Final = f"""Registry,Repository,Tag,Id,Scan Time,Pass,CVE ID,Compliance ID,Severity,Packages
reg.example,shop,1,{_ID},2026-01-02 03:04:05,TRUE,CVE-2026-1,46,high,"a, b"
reg.example,shop,1,{_ID},2026-01-02 03:04:05,TRUE,,41,medium,
"""
_ALERTS: Final = [
    {"type": "Container Runtime", "time": "Jan 21, 2026 UTC", "rule": "Default", "message": "cp",
     "container": "web", "image": f"shop@{_DIGEST}", "imageID": _ID, "fqdn": "h1", "cluster": "a"},
    {"alertId": "P-1", "policyName": "a bucket is public", "cloudType": "aws", "severity": "high",
     "alertStatus": "resolved", "alertTs": 1767322245000},
]  # fmt: skip
_EVENTS: Final = [
    {"Type": kind, "Action": action, "time": 1767323045, "timeNano": 1767323045000000000,
     "scope": "swarm", "Actor": {"ID": "i1", "Attributes": {"name": "shop"} | more}}
    for kind, action, more in (
        ("service", "update", {"updatestate.new": "updating", "image.new": f"shop@{_DIGEST}"}),
        ("container", "die", {"exitCode": "1", "com.docker.compose.project": "acme"}),
        ("container", "health_status: unhealthy", {}),
        ("image", "push", {}),
        ("secret", "create", {}),
    )
]  # fmt: skip
_INSPECTED: Final = [
    {"Id": "i1", "Name": "/web", "Image": _ID, "HostConfig": {},
     "State": {"Running": True, "Health": {"Status": "healthy"}},
     "Config": {"Image": "reg.example/shop:1", "Labels": {"com.docker.compose.project": "acme"}}},
    {"Id": _ID, "RepoTags": ["reg.example/shop:1"], "RepoDigests": [f"reg.example/shop@{_DIGEST}"],
     "RootFS": {}, "Config": {"Labels": {"org.opencontainers.image.revision": "c" * 40}}},
]  # fmt: skip
GUARDS: Final[dict[str, Any]] = {
    "admission-review": _REVIEW,
    "docker-bench-log": _BENCH,
    "docker-events": "\n".join(map(json.dumps, _EVENTS)),
    "docker-inspect": _INSPECTED,
    "kube-bench-log": _NODE,
    "prisma-cloud-alert": _ALERTS,
    "prisma-cloud-csv": _TABLE,
}
"""By their format; what is no text is JSON."""
