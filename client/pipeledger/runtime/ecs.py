"""Tasks of Amazon ECS, as `aws ecs describe-tasks` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.errors import UnseenError
from pipeledger.looking import listed, objects, text, texts
from pipeledger.runtime.asking import ask
from pipeledger.runtime.workload import Runtime, Seen, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AT_ONCE = 100
"""Most tasks that one call describes."""
_ENDED = "MISSING"
_HEALTH = {"HEALTHY": True, "UNHEALTHY": False}


def look(clusters: Sequence[str]) -> Runtime:
    """What runs in these clusters, or in all of the account and region.

    Raises:
        UnseenError: aws cannot tell.
    """
    chosen = list(clusters) or texts(_aws("list-clusters"), "clusterArns")
    found = []
    for cluster in chosen:
        tasks = texts(_aws("list-tasks", "--cluster", cluster), "taskArns")
        for start in range(0, len(tasks), _AT_ONCE):
            some = tasks[start : start + _AT_ONCE]
            found.append(seen_in(_aws("describe-tasks", "--cluster", cluster, "--tasks", *some)))
    seen = [one for runtime in found for one in runtime.seen]
    return Runtime(seen, complete=all(one.complete is not False for one in found))


def seen_in(document: Any) -> Runtime:  # noqa: ANN401 - JSON
    """What descriptions of tasks say; whether they are all there are, they do not say.

    Raises:
        UnseenError: no such descriptions.
    """
    tasks = listed(document, "tasks")
    if tasks is None:
        raise UnseenError("no tasks, as `aws ecs describe-tasks` prints them")
    # A task that is missing has ended since it was listed.
    failed = [one for one in objects(document, "failures") if text(one, "reason") != _ENDED]
    seen = [one for task in tasks for one in _containers(task)]
    return Runtime(seen, complete=False if failed else None)


def _containers(task: dict[str, Any]) -> Iterator[Seen]:
    service, basis = _service(task)
    # arn:partition:ecs:region:account:cluster/name
    arn = text(task, "clusterArn").split(":", 5)
    region = arn[3] if len(arn) == 6 else ""  # noqa: PLR2004 - parts of an ARN
    for one in objects(task, "containers"):
        if text(one, "lastStatus") == "STOPPED":
            continue
        running = text(one, "lastStatus") == "RUNNING"
        image = text(one, "image")
        digest = text(one, "imageDigest")
        yield Seen(
            service, basis, image, image_of(f"image@{digest}")[0] or image_of(image)[0],
            namespace=arn[-1].rpartition("/")[2], container=text(one, "name"), site=region,
            running=running, ready=_HEALTH.get(text(one, "healthStatus")) if running else None,
        )  # fmt: skip


def _service(task: dict[str, Any]) -> tuple[str, str]:
    kind, _, name = text(task, "group").partition(":")
    if kind == "service" and name:
        return name, "service"
    family = text(task, "taskDefinitionArn").rpartition("/")[2].partition(":")[0]
    return family or "unknown", "task definition"


def _aws(*words: str) -> Any:  # noqa: ANN401 - JSON
    # The command goes through all pages by itself.
    return ask("aws", "ecs", *words, "--output", "json")
