"""The fields of SARIF 2.1.0 that are read; everything else in a file is skipped."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import field

NONE: Final = msgspec.Raw(b"null")
"""A member that is not there."""


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object of SARIF."""


class Configuration(_Object):
    """Section 3.50: how a rule is set."""

    level: str | None = None
    enabled: bool | None = None


class RuleProperties(_Object):
    """The rule properties that code hosts give a meaning."""

    security_severity: str | float | None = field(default=None, name="security-severity")


class Rule(_Object):
    """Section 3.49: a reporting descriptor."""

    id: str | None = None
    default_configuration: Configuration | None = None
    properties: RuleProperties | None = None


class Component(_Object):
    """Section 3.19: the driver or an extension of the tool."""

    name: str | None = None
    guid: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    rules: list[Rule] | None = None


class Tool(_Object):
    """Section 3.18."""

    driver: Component
    extensions: list[Component] | None = None


class ComponentReference(_Object):
    """Section 3.54."""

    index: int = -1
    name: str | None = None
    guid: str | None = None


class RuleReference(_Object):
    """Section 3.52."""

    id: str | None = None
    index: int = -1
    tool_component: ComponentReference | None = None


class Override(_Object):
    """Section 3.51: a rule set otherwise for one invocation."""

    descriptor: RuleReference | None = None
    configuration: Configuration | None = None


class Notification(_Object):
    """Section 3.58."""

    level: str | None = None


class Invocation(_Object):
    """Section 3.20."""

    succeeded: bool | None = field(default=None, name="executionSuccessful")
    started: str | None = field(default=None, name="startTimeUtc")
    ended: str | None = field(default=None, name="endTimeUtc")
    execution: list[Notification] | None = field(default=None, name="toolExecutionNotifications")
    configuration: list[Notification] | None = field(
        default=None, name="toolConfigurationNotifications"
    )
    overrides: list[Override] | None = field(default=None, name="ruleConfigurationOverrides")


class Message(_Object):
    """Section 3.11."""

    text: str | None = None
    id: str | None = None


class ArtifactLocation(_Object):
    """Section 3.4."""

    uri: str | None = None
    index: int = -1


class Region(_Object):
    """Section 3.30."""

    start_line: int | None = None


class PhysicalLocation(_Object):
    """Section 3.29."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class LogicalLocation(_Object):
    """Section 3.33."""

    fully_qualified_name: str | None = None
    name: str | None = None


class Location(_Object):
    """Section 3.28."""

    physical_location: PhysicalLocation | None = None
    logical_locations: list[LogicalLocation] | None = None


class Suppression(_Object):
    """Section 3.35."""

    status: str | None = None


class Provenance(_Object):
    """Section 3.48."""

    invocation_index: int = -1


class Result(_Object):
    """Section 3.27."""

    rule_id: str | None = None
    rule_index: int = -1
    rule: RuleReference | None = None
    kind: str | None = None
    level: str | None = None
    message: Message | None = None
    locations: list[Location] | None = None
    fingerprints: dict[str, Any] | None = None
    partial_fingerprints: dict[str, Any] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    provenance: Provenance | None = None


class FileReference(_Object):
    """Section 3.15.3."""

    item_count: int = -1


class Elsewhere(_Object):
    """Section 3.15: parts of the run that lie in other files."""

    results: list[FileReference] | None = None


class Origin(_Object):
    """Section 3.23: version control details."""

    repository: str | None = field(default=None, name="repositoryUri")
    revision: str | None = field(default=None, name="revisionId")
    branch: str | None = None


class RunProperties(_Object):
    """The run properties that a container scanner writes."""

    image: str | None = field(default=None, name="imageName")


class Artifact(_Object):
    """Section 3.24."""

    location: ArtifactLocation | None = None


class Automation(_Object):
    """Section 3.17: which of several analyses a run is."""

    id: str | None = None


class RunMembers(_Object):
    """Section 3.14: the members of a run, as they stand in the file."""

    tool: msgspec.Raw
    results: msgspec.Raw = NONE
    invocations: msgspec.Raw = NONE
    artifacts: msgspec.Raw = NONE
    origins: msgspec.Raw = field(default=NONE, name="versionControlProvenance")
    elsewhere: msgspec.Raw = field(default=NONE, name="externalPropertyFileReferences")
    properties: msgspec.Raw = NONE
    automation: msgspec.Raw = field(default=NONE, name="automationDetails")


class Log(_Object):
    """Section 3.13."""

    version: str
    runs: msgspec.Raw
