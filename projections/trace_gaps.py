"""What is missing of a line, and what to paste so that it is not: one command a gap.

The commands hold names that came in events, which anybody may have written: every word is quoted
for a shell. What nobody told stands in capitals, for whoever pastes it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_HOSTS: Final = ("github", "gitlab")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the line lacks.

    Attributes:
        why: what is not known.
        run: what fills it, one line to paste.
        lasting: what makes the source itself tell it from now on, one line, or None.
    """

    why: str
    run: str
    lasting: str | None = None

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        told = {"why": self.why, "run": self.run, "lasting": self.lasting}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The line's own names (the table `trace_line`); what is not known is None.

    Attributes:
        service: the service.
        repository: of its source.
        commit: that was built, else merged, else asked for.
        artifact: digest, where there is one artifact.
        change_key: repository and number, where there is one change.
        production_environments: where the service reached production, at any time.
        production_at: when this line first did.
        open_incidents: of its deployments: `source`, `id`.
        open_failures: its failed deployments that nothing recovered: `source`, `id`, `service`,
            `environment`.
    """

    service: str | None = None
    repository: str | None = None
    commit: str | None = None
    artifact: str | None = None
    change_key: str | None = None
    production_environments: list[str] = field(default_factory=list)
    production_at: datetime | None = None
    open_incidents: list[dict[str, str]] = field(default_factory=list)
    open_failures: list[dict[str, str]] = field(default_factory=list)


def gap_of(hop: str, line: Line, environment: str | None = None) -> Gap | None:
    """What a hop without anything that holds lacks; None where nothing need be there.

    Args:
        hop: its name.
        line: the line's own names.
        environment: of a deployment or its approval.
    """
    if hop == "recovery":
        return _recovery(line)
    make = _GAPS.get(hop)
    return make(line, environment) if make is not None else None


def lasting_of(hop: str, line: Line) -> str | None:
    """The command that makes the code host itself tell of a hop, where it can and is known."""
    host = (line.repository or "").partition("://")[2].partition("/")[0]
    kind = next((one for one in _HOSTS if one in host.split(".")), None)
    if kind is None or hop not in ("commit", "change", "review"):
        return None
    return _words("pipeledger-server", "source", "add", kind)


def _commit(line: Line, _: str | None) -> Gap:
    run = _words("pipeledger", "import", "git", ".", "--service", line.service or "SERVICE")
    return Gap("nobody told of this commit", run, lasting_of("commit", line))


def _change(line: Line, _: str | None) -> Gap:
    run = _emit("change.merged", {
        "repository": line.repository or "REPOSITORY", "number": "NUMBER",
        "merge_commit": line.commit or "COMMIT", "author": "LOGIN", "merged_by": "LOGIN",
    })  # fmt: skip
    return Gap("no proposed change is known that brought it", run, lasting_of("change", line))


def _review(line: Line, _: str | None) -> Gap:
    repository, _, number = (line.change_key or "").rpartition("#")
    run = _emit("change.reviewed", {
        "repository": repository or line.repository or "REPOSITORY", "number": number or "NUMBER",
        "reviewer": "LOGIN", "verdict": "approved", "reviewed": "COMMIT",
    })  # fmt: skip
    return Gap(
        "nobody else is known to have approved what was merged", run, lasting_of("review", line)
    )


def _build(line: Line, _: str | None) -> Gap:
    run = _emit("build", _known(
        service=line.service or "SERVICE", repository=line.repository,
        commit=line.commit or "COMMIT", artifact=line.artifact or "DIGEST",
    ))  # fmt: skip
    return Gap("no build is known that made it", run)


def _tests(line: Line, _: str | None) -> Gap:
    return Gap("no run of tests of it is known", _record("TEST-RESULTS.xml", line))


def _scans(line: Line, _: str | None) -> Gap:
    return Gap("no scan of it is known", _record("SCAN.sarif", line))


def _artifact(line: Line, _: str | None) -> Gap:
    why = "no bill of materials, provenance, signature or publication of the artifact is known"
    return Gap(why, _record("SBOM.json", line))


def _approval(line: Line, environment: str | None) -> Gap:
    run = _emit("approval", _known(
        approval="ID", service=line.service, environment=environment or "production",
        artifact=line.artifact, commit=line.commit, approver="LOGIN",
    ))  # fmt: skip
    place = f" for {environment}" if environment else ""
    return Gap(f"no approval of it{place} is known, and no gate that it passed", run)


def _deployment(line: Line, environment: str | None) -> Gap:
    words = _known(
        deployment="ID", service=line.service or "SERVICE",
        environment=environment or "ENVIRONMENT", artifact=line.artifact, commit=line.commit,
    )  # fmt: skip
    run = _words("pipeledger", "run", "deployment", *_pairs(words), "--", "COMMAND")
    return Gap("no successful deployment of it there is known", run)


def _recovery(line: Line) -> Gap | None:
    # Ids are unique at their source alone.
    if line.open_incidents:
        one = line.open_incidents[0]
        run = _emit("incident.restored", {"incident": one["id"]}, one["source"])
        return Gap(f"open incidents of it: {len(line.open_incidents)}", run)
    if line.open_failures:
        one = line.open_failures[0]
        run = _emit("hotfix", {
            "deployment": "ID", "service": one["service"], "environment": one["environment"],
            "remediates": [one["id"]],
        }, one["source"])  # fmt: skip
        return Gap(f"failed deployments that nothing recovered: {len(line.open_failures)}", run)
    return None


_GAPS: Final[dict[str, Callable[[Line, str | None], Gap]]] = {
    "commit": _commit,
    "change": _change,
    "review": _review,
    "build": _build,
    "tests": _tests,
    "scans": _scans,
    "artifact": _artifact,
    "approval": _approval,
    "deployment": _deployment,
}


def _record(file: str, line: Line) -> str:
    words = ["pipeledger", "record", file]
    for option, value in (("--service", line.service), ("--commit", line.commit),
                          ("--artifact", line.artifact)):  # fmt: skip
        if value is not None:
            words += [option, value]
    return _words(*words)


def _emit(kind: str, data: Mapping[str, str | list[str]], source: str | None = None) -> str:
    own = ["--source", source] if source is not None else []
    return _words("pipeledger", "emit", kind, *own, *_pairs(data))


def _pairs(data: Mapping[str, str | list[str]]) -> list[str]:
    return [
        f"{name}={value}" if isinstance(value, str) else f"{name}:={_listed(value)}"
        for name, value in data.items()
    ]  # fmt: skip


def _listed(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()


def _known(**values: str | None) -> dict[str, str | list[str]]:
    return {name: value for name, value in values.items() if value is not None}


def _words(*words: str) -> str:
    return shlex.join(words)
