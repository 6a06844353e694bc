"""What runtimes' own tools print, made small, and stand-ins for those tools on the PATH."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-canary"
"""Stands in everything that a snapshot must not take."""


def digest(letter: str) -> str:
    """A digest of one repeated digit."""
    return f"sha256:{letter * 64}"


class Tools:
    """A folder of stand-ins for the caller's tools: each prints what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @property
    def path(self) -> dict[str, str]:
        """The variable PATH, this folder first."""
        return {"PATH": f"{self.folder}:{os.environ['PATH']}"}

    def add(self, name: str, answers: dict[str, Any], failing: str = "") -> None:
        """Make a tool that knows these calls by the words they hold, and keeps what it was asked.

        Args:
            name: of the tool.
            answers: for words of a call, what it prints, JSON unless it is text.
            failing: what it says on every call instead, and fails.
        """
        lines = ["#!/bin/sh", f'echo "$@" >> "{self.folder}/{name}.asked"']
        lines.append(f'env > "{self.folder}/{name}.environment"')
        if failing:
            lines.append(f"echo '{failing}' >&2; exit 1")
        lines.append('case "$*" in')
        for number, (words, answer) in enumerate(answers.items()):
            file = self.folder / f"{name}.{number}"
            file.write_text(answer if isinstance(answer, str) else json.dumps(answer))
            lines.append(f'*"{words}"*) cat "{file}";;')
        lines += ['*) echo "no such call: $*" >&2; exit 64;;', "esac"]
        script = self.folder / name
        script.write_text("\n".join(lines) + "\n")
        script.chmod(0o755)

    def asked(self, name: str) -> list[str]:
        """The words of each call of a tool."""
        return (self.folder / f"{name}.asked").read_text().splitlines()


def pod(
    name: str,
    image_id: str = f"registry.example/shop/checkout@{digest('a')}",
    *,
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
    image: str = "registry.example/shop/checkout:1.4.0",
    phase: str = "Running",
    state: str = "running",
    ready: bool = True,
    owner: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A pod of one container as the API server gives it, cut to what matters and what must not."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels or {},
            "annotations": {"example.com/owner": SECRET},
            "ownerReferences": [owner] if owner else [],
        },
        "spec": {
            "nodeName": "node-1",
            "serviceAccountName": SECRET,
            "containers": [
                {"name": "main", "image": image, "env": [{"name": "TOKEN", "value": SECRET}]}
            ],
        },
        "status": {
            "phase": phase,
            "containerStatuses": [
                {
                    "name": "main",
                    "image": image,
                    "imageID": image_id,
                    "ready": ready,
                    "state": {state: {}},
                }
            ],
        },
    }


def pods(*items: dict[str, Any], **metadata: str) -> dict[str, Any]:
    """A list as `kubectl get … -o json` prints it."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items), "metadata": metadata}


def application(name: str, *images: str, **status: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An Argo CD application."""
    return {
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "source": {"repoURL": "https://code.example/acme/config.git", "path": name},
            "destination": {"name": "eu-1", "namespace": "shop"},
            "project": "shop",
        },
        "status": {
            "sync": {"status": "Synced", "revision": "5" * 40},
            "health": {"status": "Healthy"},
            "summary": {"images": list(images)},
            "operationState": {"operation": {"initiatedBy": {"username": SECRET}}},
            **status,
        },
    }


def container(
    name: str,
    image: str,
    image_id: str,
    labels: dict[str, str] | None = None,
    **state: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """A container as `docker inspect` prints it."""
    return {
        "Id": "c" * 64,
        "Name": f"/{name}",
        "Image": image_id,
        "State": {"Status": "running", "Running": True, **state},
        "Config": {"Image": image, "Env": [f"TOKEN={SECRET}"], "Labels": labels or {}},
    }


def task(group: str, *containers: dict[str, Any]) -> dict[str, Any]:
    """A task as `aws ecs describe-tasks` prints it."""
    arn = "arn:aws:ecs:eu-west-1:111122223333"
    return {
        "taskArn": f"{arn}:task/shop/{'1' * 32}",
        "clusterArn": f"{arn}:cluster/shop",
        "taskDefinitionArn": f"{arn}:task-definition/nightly:7",
        "group": group,
        "lastStatus": "RUNNING",
        "overrides": {"containerOverrides": [{"environment": [{"value": SECRET}]}]},
        "containers": list(containers),
    }
