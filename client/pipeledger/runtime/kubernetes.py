"""Pods, as `kubectl get pods -o json` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.errors import UnseenError
from pipeledger.looking import at, labelled, listed, objects, text
from pipeledger.runtime.asking import ask
from pipeledger.runtime.workload import Runtime, Seen, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LABELS = ("app.kubernetes.io/name", "app", "k8s-app")
_LISTS = ("List", "PodList")
# Restartable init containers are sidecars; ephemeral ones are somebody's debugger.
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_ENDED = ("Succeeded", "Failed")


def look(namespaces: Sequence[str], context: str, labels: Sequence[str]) -> Runtime:
    """What runs in a cluster, or in these namespaces of it.

    Raises:
        UnseenError: kubectl cannot tell.
    """
    # Without the right to list all of it kubectl fails, so what it prints is everything.
    scopes: list[tuple[str, ...]] = [("--namespace", one) for one in namespaces] or [
        ("--all-namespaces",)
    ]
    options = ("--context", context) if context else ()
    found = [
        seen_in(ask("kubectl", "get", "pods", *scope, *options, "--output", "json"), labels)
        for scope in scopes
    ]
    seen = [one for runtime in found for one in runtime.seen]
    return Runtime(seen, complete=all(one.complete is not False for one in found))


def seen_in(document: Any, labels: Sequence[str]) -> Runtime:  # noqa: ANN401 - JSON
    """What a list of pods says; whether it is all there is, it does not say.

    Raises:
        UnseenError: no list of pods.
    """
    kind = text(document, "kind")
    items = [document] if kind == "Pod" else listed(document, "items")
    pods = [one for one in items or () if text(one, "kind") in ("Pod", "") and "status" in one]
    if kind not in (*_LISTS, "Pod") or items is None or (items and not pods):
        raise UnseenError("no list of pods, as `kubectl get pods -o json` prints it")
    # Cut off by the server's paging, which kubectl itself goes through to the end.
    cut = bool(at(document, "metadata", "continue"))
    return Runtime(
        [one for pod in pods for one in _containers(pod, labels)], complete=False if cut else None
    )


def _containers(pod: dict[str, Any], labels: Sequence[str]) -> Iterator[Seen]:
    if text(pod, "status", "phase") in _ENDED:
        return
    service, basis = _service(pod, labels)
    wanted = {
        text(one, "name"): text(one, "image")
        for one in (*objects(pod, "spec", "containers"), *objects(pod, "spec", "initContainers"))
    }
    for kind in _STATUSES:
        for status in objects(pod, "status", kind):
            running = at(status, "state", "running") is not None
            if not running and kind != "containerStatuses":
                continue
            name, image = text(status, "name"), text(status, "image")
            digest, image_id = image_of(text(status, "imageID"))
            if not image or image_of(image)[1]:
                # Some runtimes give the id in the place of the name.
                image = wanted.get(name, "")
            yield Seen(
                service, basis, image, digest, image_id, container=name,
                namespace=text(pod, "metadata", "namespace"), running=running,
                ready=running and at(status, "ready") is True,
            )  # fmt: skip


def _service(pod: dict[str, Any], labels: Sequence[str]) -> tuple[str, str]:
    service, basis = labelled(at(pod, "metadata", "labels"), [*labels, *LABELS])
    if service:
        return service, basis
    for owner in objects(pod, "metadata", "ownerReferences"):
        # A static pod belongs to its node, which is no workload.
        if at(owner, "controller") is True and text(owner, "kind") != "Node":
            name = text(owner, "name")
            made = text(pod, "metadata", "labels", "pod-template-hash")
            return (name.removesuffix(f"-{made}") if made else name), "owner"
    return text(pod, "metadata", "name") or "unknown", "pod"
