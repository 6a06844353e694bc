"""All report formats, and which of them a file is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError, TooLargeError
from intake import (
    alertmanager,
    aqua,
    argocd,
    aws,
    azure_devops,
    azure_key_vault,
    backups,
    bom,
    chaos,
    checkmarx,
    cloudevents,
    codecov,
    coverage,
    cyberark,
    databases,
    datadog,
    docker,
    docker_bench,
    dynatrace,
    elastic,
    falco,
    gatekeeper,
    grafana,
    helm,
    in_toto,
    inspec,
    jenkins,
    jenkins_x,
    jira,
    junit,
    k6,
    kube_bench,
    kubernetes,
    new_relic,
    opa,
    openvex,
    opsgenie,
    pact,
    patroni,
    prisma_cloud,
    prometheus,
    sarif,
    semgrep,
    sentinel,
    servicenow,
    slack,
    snyk,
    sonarqube,
    spinnaker,
    splunk,
    tekton,
    terraform,
    trivy,
    vault,
    veracode,
    zap,
)
from intake.body import NUL, check_body
from intake.buffer import first_byte
from intake.github import audit, webhook
from intake.gitlab import audit as gitlab_audit
from intake.gitlab import webhook as gitlab
from intake.limits import MAX_FACTS, MAX_WHOLE
from intake.pagerduty import legacy as pagerduty_legacy
from intake.pagerduty import webhook as pagerduty
from intake.shape import Shape, shape_of
from intake.yaml_body import is_resource, read_yaml

if TYPE_CHECKING:
    from intake.report import Format, Reading
    from intake.scratch import Scratch
    from intake.sender import Sender

# The first that claims a file gets it: who looks closer stands before who looks less close.
FORMATS: Final[tuple[Format, ...]] = (
    sarif.FORMAT,
    junit.FORMAT,
    semgrep.FORMAT,
    snyk.FORMAT,
    *sonarqube.FORMATS,
    *bom.FORMATS,
    *cloudevents.FORMATS,
    *coverage.FORMATS,
    *k6.FORMATS,
    *pact.FORMATS,
    *trivy.FORMATS,
    *zap.FORMATS,
    webhook.FORMAT,
    audit.FORMAT,
    gitlab.FORMAT,
    gitlab_audit.FORMAT,
    pagerduty.FORMAT,
    pagerduty_legacy.FORMAT,
    alertmanager.FORMAT,
    *grafana.FORMATS,
    falco.FORMAT,
    *dynatrace.FORMATS,
    *splunk.FORMATS,
    *elastic.FORMATS,
    *azure_key_vault.FORMATS,
    *cyberark.FORMATS,
    *chaos.FORMATS,
    *patroni.FORMATS,
    *databases.FORMATS,
    *backups.FORMATS,
    prometheus.FORMAT,
    *terraform.FORMATS,
    *argocd.FORMATS,
    *helm.FORMATS,
    *kubernetes.FORMATS,
    *opa.FORMATS,
    *jenkins.FORMATS,
    *vault.FORMATS,
    *datadog.FORMATS,
    *new_relic.FORMATS,
    opsgenie.FORMAT,
    *in_toto.FORMATS,
    *aws.FORMATS,
    *gatekeeper.FORMATS,
    *sentinel.FORMATS,
    *tekton.FORMATS,
    *servicenow.FORMATS,
    *jira.FORMATS,
    slack.FORMAT,
    *codecov.FORMATS,
    openvex.FORMAT,
    *veracode.FORMATS,
    *checkmarx.FORMATS,
    *azure_devops.FORMATS,
    *inspec.FORMATS,
    *docker.FORMATS,
    *docker_bench.FORMATS,
    *kube_bench.FORMATS,
    *aqua.FORMATS,
    *prisma_cloud.FORMATS,
    *spinnaker.FORMATS,
    *jenkins_x.FORMATS,
)
# There are too many of them for a message.
_BEGINNINGS: Final = (b"<", b"{", b"[")
_KNOWN: Final = "docs/integrations/README.md names all that are known"
_BY_NAME: Final = {one.name: one for one in FORMATS}

_SENDERS: Final[tuple[Sender, ...]] = (
    webhook.SENDER,
    gitlab.SENDER,
    pagerduty.SENDER,
    alertmanager.SENDER,
    falco.SENDER,
    dynatrace.SENDER,
    splunk.SENDER,
    elastic.SENDER,
    azure_key_vault.SENDER,
    databases.SENDER,
    grafana.SENDER,
    terraform.SENDER,
    argocd.SENDER,
    kubernetes.SENDER,
    opa.SENDER,
    sonarqube.SENDER,
    pact.SENDER,
    cloudevents.CDEVENTS_SENDER,
    cloudevents.CLOUDEVENTS_SENDER,
    datadog.SENDER,
    new_relic.SENDER,
    opsgenie.SENDER,
    jenkins.SENDER,
    aws.SENDER,
    aqua.SENDER,
    prisma_cloud.SENDER,
    tekton.SENDER,
    servicenow.SENDER,
    jira.SENDER,
    slack.SENDER,
    codecov.SENDER,
    azure_devops.SENDER,
    spinnaker.SENDER,
)
SENDERS: Final = {one.name: one for one in _SENDERS}
"""Systems that deliver by webhook, by their kind."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report that was read.

    Attributes:
        format: what it was taken for.
        readings: its facts, at least one.
    """

    format: Format
    readings: list[Reading]


def read_report(raw: bytes | Scratch, name: str | None = None) -> ReadReport:
    """Read a report file.

    Args:
        raw: its bytes, unpacked.
        name: of its format; None: it is recognised by what is in it.

    Raises:
        RefusedError: not recognised, or not what it is said to be; the place is named.
        TooLargeError: a limit was passed.
        UnavailableError: the disk cannot keep what is made of it.
    """
    if isinstance(raw, bytes):
        return _read(memoryview(raw), name)
    with raw.mapped() as view:
        return _read(view, name)


def _read(raw: memoryview, name: str | None) -> ReadReport:
    try:
        body = check_body(raw)
    except RefusedError as error:
        if name is None and error.reason == NUL and bytes(raw[:1]) not in _BEGINNINGS:
            why = f"since it is no text ({error.place} is a NUL)"
            raise RefusedError("body", f"no format is recognised, {why}; {_KNOWN}") from None
        raise
    if is_resource(body):
        body = memoryview(read_yaml(bytes(body)))
    found = _named(name) if name is not None else _recognised(body)
    if found.read_long is not None:
        readings = found.read_long(body)
    elif len(body) > MAX_WHOLE:
        raise TooLargeError("body", f"at most {MAX_WHOLE} bytes of {found.title}")
    else:
        readings = found.read(bytes(body))
    return ReadReport(found, check_number(readings))


def _named(name: str) -> Format:
    found = _BY_NAME.get(name)
    if found is None:
        raise RefusedError("query format", f"no format has this name; {_KNOWN}")
    return found


def _recognised(body: memoryview) -> Format:
    shape = shape_of(body)
    found = next((one for one in FORMATS if one.claims(shape)), None)
    if found is None:
        raise RefusedError("body", f"no format is recognised{_damage(body, shape)}; {_KNOWN}")
    return found


def _damage(body: memoryview, shape: Shape) -> str:
    """That a file begins as JSON or XML does and cannot be read as such, or nothing."""
    begin = bytes(body[first_byte(body) :][:1])
    if begin == b"<":
        return ", since it is no whole XML" if shape.root is None else ""
    seen = (shape.members, shape.line, shape.element)
    whole = begin not in (b"{", b"[") or any(one is not None for one in seen)
    return "" if whole else ", since it is no whole JSON"


def check_number(readings: list[Reading]) -> list[Reading]:
    """The readings.

    Raises:
        TooLargeError: more than are appended together.
    """
    if len(readings) > MAX_FACTS:
        raise TooLargeError("document", f"more than {MAX_FACTS} facts; send it in pieces")
    return readings
