"""What kind of scan a tool makes, where its name alone settles it.

A tool that scans several things (Trivy, Checkmarx One, Grype on images and folders) is not
listed: a guess is not a fact, and the kind stays absent.
"""

from __future__ import annotations

from typing import Final

NOT_TOLD: Final = "requires login"
"""What Semgrep writes in place of a fingerprint where nobody is logged in."""

KINDS: Final = {
    "bandit": "sast",
    "brakeman": "sast",
    "codeql": "sast",
    "codeql command-line toolchain": "sast",
    "gosec": "sast",
    "lgtm.com": "sast",
    "semgrep": "sast",
    "semgrep oss": "sast",
    "semgrep pro": "sast",
    "snyk code": "sast",
    "snykcode": "sast",
    "veracode static analysis pipeline scan": "sast",
    "govulncheck": "sca",
    "osv-scanner": "sca",
    "dependency-check": "sca",
    "snyk open source": "sca",
    "snyk container": "container",
    "gitleaks": "secret",
    "trufflehog": "secret",
    "checkov": "iac",
    "kics": "iac",
    "snyk iac": "iac",
    "terrascan": "iac",
    "tfsec": "iac",
    "nuclei": "dast",
}


def kind_of(tool: str, *, image: bool) -> str | None:
    """Tell the kind of scan, or None where it is not known.

    Args:
        tool: the driver's name.
        image: the run names a container image as what it scanned.
    """
    if image:
        return "container"
    return KINDS.get(tool.strip().casefold())
