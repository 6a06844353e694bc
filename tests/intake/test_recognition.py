"""A file is taken for what it is, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from domain.errors import PipeledgerError
from intake.body import check_body
from intake.registry import FORMATS
from intake.shape import shape_of
from tests.fixtures import FOLDER, needs_fixtures

if TYPE_CHECKING:
    from pathlib import Path

# Format to the folders of the systems that write it; any system may write SARIF and JUnit XML.
WRITERS: Final = {
    "cyclonedx": {"cyclonedx"},
    "cyclonedx-xml": {"cyclonedx"},
    "spdx": {"spdx"},
    "spdx-tag-value": {"spdx"},
    "spdx3": {"spdx"},
    "cdevents": {"cdevents", "jenkins"},
    "cloudevents": {"cloudevents"},
    "cobertura": {"cobertura"},
    "coverage-py": {"cobertura"},
    "pact": {"pact"},
    "pact-can-i-deploy": {"pact"},
    "pact-result": {"pact"},
    "pact-verifier": {"pact"},
    "pact-webhook": {"pact"},
    "k6": {"k6"},
    "k6-stream": {"k6"},
    "github": {"github"},
    "github-audit-log": {"github"},
    "semgrep": {"semgrep"},
    "snyk": {"snyk"},
    "sonarqube": {"sonarqube"},
    "sonarqube-api": {"sonarqube"},
    "sonar-report": {"sonarqube"},
    "sonar-report-task": {"sonarqube"},
    "trivy": {"trivy"},
    "trivy-compliance": {"trivy"},
    "trivy-operator": {"trivy"},
    "zap": {"zap"},
    "zap-xml": {"zap"},
    "terraform-plan": {"terraform"},
    "terraform-log": {"terraform"},
    "terraform-cloud": {"terraform"},
    "argocd": {"argocd"},
    "argocd-notification": {"argocd"},
    "gitlab": {"gitlab"},
    "gitlab-audit-events": {"gitlab"},
    "pagerduty": {"pagerduty"},
    "pagerduty-legacy": {"pagerduty"},
    "alertmanager": {"alertmanager"},
    "grafana": {"grafana"},
    "grafana-annotations": set(),
    "falco": {"falco"},
    "dynatrace": {"dynatrace"},
    "dynatrace-deployment": set(),
    "splunk": {"splunk"},
    "splunk-events": set(),
    "splunk-on-call": set(),
    "elastic": {"elastic"},
    "elastic-webhook": set(),
    "azure-key-vault": {"azure-key-vault"},
    "azure-key-vault-event": set(),
    "cyberark": {"cyberark"},
    "conjur": set(),
    "litmus": {"litmus"},
    "litmus-describe": {"litmus"},
    "chaos-mesh": set(),
    "chaostoolkit": set(),
    "patroni": {"patroni"},
    "patroni-log": set(),
    "azure-failover": set(),
    "cloud-sql": set(),
    "mongodb-atlas": set(),
    "velero": set(),
    "postgres-backup": set(),
    "restic": set(),
    "kubernetes-revisions": set(),
    "kubernetes-events": set(),
    "prometheus": set(),
    "helm": set(),
    "kubernetes-audit": {"kubernetes"},
    "opa-decision-log": {"opa"},
    "opa-eval": {"opa"},
    "conftest": {"opa"},
    "jenkins": {"jenkins"},
    "jenkins-notification": {"jenkins"},
    "jenkins-stages": {"jenkins"},
    "vault-audit": {"vault"},
    "datadog": {"datadog"},
    "datadog-event": set(),
    "datadog-incident": set(),
    "datadog-dora": {"datadog"},
    "new-relic": {"new-relic"},
    "new-relic-change": set(),
    "opsgenie": {"opsgenie"},
    "in-toto": {"in-toto"},
    "cloudtrail": {"aws-cloudtrail", "aws-secrets-manager"},
    "aws-event": {"aws-cloudtrail"},
    "gatekeeper": {"gatekeeper", "opa-gatekeeper"},
    "admission-review": set(),
    "sentinel": {"sentinel"},
    "sentinel-log": {"sentinel"},
    "tekton": {"tekton"},
    "tekton-cloudevents": {"tekton"},
    "servicenow": set(),
    "jira": set(),
    "jira-issue": set(),
    "slack": {"slack"},
    "codecov": {"codecov"},
    "codecov-report": {"codecov"},
    "codecov-check": {"codecov"},
    "codecov-upload": {"codecov"},
    "openvex": {"openvex"},
    "veracode": {"veracode"},
    "veracode-findings": {"veracode"},
    "veracode-pipeline": {"veracode"},
    "checkmarx-sast": {"checkmarx"},
    "checkmarx-one": {"checkmarx"},
    "checkmarx-one-report": {"checkmarx"},
    "checkmarx-flow": {"checkmarx"},
    "azure-devops": {"azure-devops"},
    "inspec": {"inspec"},
    "docker-events": set(),
    "docker-inspect": set(),
    "docker-bench": {"docker-bench"},
    "docker-bench-log": set(),
    "kube-bench": {"kube-bench"},
    "aqua": {"aqua"},
    "prisma-cloud": {"prisma-cloud"},
    "prisma-cloud-csv": set(),
    "prisma-cloud-alert": set(),
    "kube-bench-log": set(),
    "spinnaker": {"spinnaker"},
    "spinnaker-execution": {"spinnaker"},
    "jenkins-x": {"jenkins-x"},
}
ANYBODY: Final = {"sarif", "junit"}
FILES: Final = sorted(
    path for path in FOLDER.rglob("*")
    if path.is_file() and path.suffix not in (".tsv", ".md") and path.parent.name != "LICENSES"
)  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_is_claimed_by_its_own_format_alone(path: Path) -> None:
    """No two formats claim the same file, and none claims another system's."""
    try:
        shape = shape_of(check_body(path.read_bytes()))
    except PipeledgerError:
        return
    claimed = [one.name for one in FORMATS if one.claims(shape)]
    assert len(claimed) <= 1
    system = path.relative_to(FOLDER).parts[0]
    assert [
        name for name in claimed if name not in ANYBODY and system not in WRITERS.get(name, set())
    ] == []


def test_every_format_says_who_writes_it() -> None:
    """A format that is missing here would not be checked."""
    assert {one.name for one in FORMATS} == WRITERS.keys() | ANYBODY
