"""Audit events: which of them tell what.

Every request is told of several times, once a stage; the last stage counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.json_body import read_all
from intake.kubernetes import access, secrets, workloads
from intake.kubernetes.common import WRITES, by_person, changed, code_of
from intake.kubernetes.structure import Entry, Pod, decoded
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intake.kubernetes.structure import PodSpec
    from intake.shape import Members, Shape

_LAST: Final = frozenset({"ResponseComplete", "Panic"})
_MARKS: Final = frozenset({"auditID", "stage", "verb"})
_GROUP: Final = "audit.k8s.io/"
_UNAUTHENTICATED: Final = 401
_REHEARSAL: Final = "dryRun=All"
# Questions and signs of life: they are created and change nothing.
_QUIET: Final = frozenset({
    "events", "leases", "tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews",
    "selfsubjectrulesreviews", "localsubjectaccessreviews", "selfsubjectreviews",
})  # fmt: skip
_READERS: Final[dict[str, Callable[[Entry], list[Reading]]]] = {
    **dict.fromkeys(workloads.RESOURCES, workloads.workload),
    **dict.fromkeys(access.BINDINGS, access.binding),
    **dict.fromkeys(access.ROLES, access.role),
}
_TOKEN: Final = ("serviceaccounts", "token")


def claims(shape: Shape) -> bool:
    """Audit events, one or several, or a list of them."""
    if (shape.text("apiVersion") or "").startswith(_GROUP):
        return True
    items = shape.first("items") if shape.text("kind") == "EventList" else shape.object
    return _is_event(items)


def _is_event(members: Members) -> bool:
    return members.keys() >= _MARKS and bytes(members.get("kind", b'"Event"')) == b'"Event"'


def read(body: bytes) -> list[Reading]:
    """The readings of the events that have an event type.

    Raises:
        RefusedError: no audit events; the place is named.
        TooLargeError: a limit was passed.
    """
    entries = read_all(body, Entry)
    return by_time(reading for one in _flat(entries) for reading in _readings(one))


def _flat(entries: list[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield from entry.items if entry.items is not None else (entry,)


def _readings(entry: Entry) -> list[Reading]:
    if entry.stage not in _LAST or _REHEARSAL in (entry.request_uri or ""):
        return []
    if code_of(entry) == _UNAUTHENTICATED:
        return access.refused(entry)
    told = entry.object_ref
    if told is None or told.resource is None or told.resource in _QUIET:
        return []
    if told.resource == "secrets":
        return secrets.secret(entry)
    if told.resource == "pods" and told.subresource in access.INSIDE:
        return access.inside(entry)
    return _written(entry, told.resource, told.subresource) if _is_write(entry) else []


def _is_write(entry: Entry) -> bool:
    part = entry.object_ref.subresource if entry.object_ref else None
    return entry.verb in WRITES and part != "proxy"


def _written(entry: Entry, resource: str, part: str | None) -> list[Reading]:
    if (reader := _READERS.get(resource)) is not None:
        return reader(entry)
    if resource == "pods" and part is None and entry.verb == "create":
        pod = decoded(entry.request_object, Pod) or decoded(entry.response_object, Pod)
        if _is_free(pod.spec if pod else None):
            return [changed(entry, privileged=True)]
    # Components write all the time; what somebody writes by hand is news.
    if not by_person(entry):
        return []
    return secrets.token(entry) if (resource, part) == _TOKEN else [changed(entry)]


def _is_free(spec: PodSpec | None) -> bool:
    """Whether a pod may do on its node what it wants."""
    if spec is None:
        return False
    containers = [*(spec.containers or ()), *(spec.init_containers or ())]
    wide = spec.host_network or spec.host_pid or spec.host_ipc
    return bool(wide) or any(
        one.security_context is not None and one.security_context.privileged is True
        for one in containers
    )


FORMAT: Final = Format(
    "kubernetes-audit", "Kubernetes audit events", "application/x-ndjson", claims, read
)
SENDER: Final = Sender(
    name="kubernetes",
    title="Kubernetes",
    scheme=Shared(
        "authorization",
        "the kubeconfig of --audit-webhook-config-file: the url as clusters[].cluster.server, "
        "the secret as users[].user.token",
        prefix="Bearer ",
    ),
    formats=(FORMAT,),
)
