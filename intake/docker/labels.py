"""Labels by which a container is of a service, and a service of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICES: Final = (
    "com.docker.compose.service", "com.docker.swarm.service.name",
    "org.opencontainers.image.title",
)  # fmt: skip
_PROJECTS: Final = ("com.docker.compose.project", "com.docker.stack.namespace")


def service_in(labels: Mapping[str, Any]) -> str | None:
    """The service that labels name."""
    return _first(labels, _SERVICES)


def project_in(labels: Mapping[str, Any]) -> str | None:
    """The project or stack that labels name."""
    return _first(labels, _PROJECTS)


def _first(labels: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    told = (labels.get(name) for name in names)
    return next((found for one in told if isinstance(one, str) and (found := named(one))), None)
