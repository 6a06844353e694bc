"""Applications, as `argocd app list -o json` or `kubectl get applications -o json` print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.errors import UnseenError
from pipeledger.looking import at, labelled, listed, text, texts
from pipeledger.runtime.asking import ask
from pipeledger.runtime.workload import Runtime, Seen, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LABELS = ("app.kubernetes.io/name",)
_NONE = "no applications, as `argocd app list -o json` prints them"


def look(projects: Sequence[str], labels: Sequence[str]) -> Runtime:
    """The applications that the caller may see.

    Argo CD leaves out silently what the caller may not see, so this is never known to be all.

    Raises:
        UnseenError: argocd cannot tell.
    """
    chosen = [word for project in projects for word in ("--project", project)]
    return seen_in(ask("argocd", "app", "list", *chosen, "--output", "json"), labels)


def seen_in(document: Any, labels: Sequence[str]) -> Runtime:  # noqa: ANN401 - JSON
    """What a list of applications says, or a single one.

    Raises:
        UnseenError: no applications.
    """
    items = _applications(document)
    if any(at(one, "spec", "destination") is None for one in items):
        raise UnseenError(_NONE)
    return Runtime([one for item in items for one in _images(item, labels)])


def _applications(document: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    if document is None:
        return []  # how argocd prints an empty list
    if isinstance(document, dict) and "items" not in document:
        return [document]
    found = listed({"items": document} if isinstance(document, list) else document, "items")
    if found is None:
        raise UnseenError(_NONE)
    return found


def _images(application: dict[str, Any], labels: Sequence[str]) -> Iterator[Seen]:
    service, basis = labelled(at(application, "metadata", "labels"), [*labels, *LABELS])
    destination = at(application, "spec", "destination")
    revision = text(application, "status", "sync", "revision")
    for image in texts(application, "status", "summary", "images") or [""]:
        # The manifests' own words: a digest stands there only where they name one.
        yield Seen(
            service or text(application, "metadata", "name") or "unknown",
            basis or "application",
            image,
            image_of(image)[0],
            revisions=tuple(
                texts(application, "status", "sync", "revisions") or ([revision] * bool(revision))
            ),
            namespace=text(destination, "namespace"),
            site=text(destination, "name") or text(destination, "server"),
            sync=text(application, "status", "sync", "status"),
            health=text(application, "status", "health", "status"),
        )
