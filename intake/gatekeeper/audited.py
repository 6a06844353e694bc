"""What an audit found against one constraint: one `policy.evaluated`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.number import count_of
from intake.opa.findings import Findings
from intake.opa.verdicts import reasons_of
from intake.report import fact
from intake.rows import named
from intake.scan import differing

if TYPE_CHECKING:
    from intake.report import Reading

TOOL: Final = "gatekeeper"
DENY: Final = "deny"
_DEFAULT: Final = DENY
_SCOPED: Final = "scoped"
_ENFORCED: Final = {DENY: "hard", "warn": "advisory", "dryrun": "advisory"}


def action_of(action: str | None, several: list[str] | None) -> str:
    """What is done about a violation; the strictest where each place of enforcement has its own."""
    told = (action or "").strip().lower()
    if told in ("", _SCOPED) and several:
        return DENY if DENY in several else several[0].lower()
    return told or _DEFAULT


def verdict_of(action: str) -> str:
    """A violation of what is not enforced is a warning."""
    return "deny" if action == DENY else "warn"


def place_of(namespace: str | None, kind: str | None, name: str | None) -> str | None:
    """An object of a cluster: namespace, kind, name."""
    return named("/".join(filter(None, (namespace, kind, name))))


class Audited:
    """Violations of one constraint, as they are met."""

    def __init__(self, kind: str | None, name: str | None) -> None:
        """Begin with none.

        Args:
            kind: of the constraint.
            name: of the constraint.
        """
        self._policy = named("/".join(filter(None, (kind, name)))) or TOOL
        self._counts: Counter[str] = Counter()
        self._messages: list[str | None] = []
        self._findings = Findings(TOOL)
        self.claimed: Any = None
        """How many there are, as the audit says."""

    def add(self, action: str, target: str | None, message: str | None) -> None:
        """Count a violation and write it down.

        Args:
            action: what is done about it.
            target: the object.
            message: the text for people; it tells violations of one object apart.

        Raises:
            TooLargeError: too many.
        """
        self._counts[action] += 1
        self._messages.append(message)
        kind = "failure" if action == DENY else "warning"
        self._findings.add(kind, self._policy, target, message or "")

    def reading(self, time: str | None, action: str) -> Reading:
        """The reading.

        Args:
            time: of the audit.
            action: what the constraint does about a violation.
        """
        counts = dict(self._counts)
        total = sum(counts.values())
        claimed = count_of(self.claimed)
        found = {verdict_of(one) for one in counts} or ({verdict_of(action)} if claimed else set())
        decision = "deny" if "deny" in found else "warn" if found else "allow"
        document = self._findings.document()
        return fact("policy.evaluated", told_time(time), {
            "policy": self._policy,
            "decision": decision,
            "enforcement": _ENFORCED.get(action),
            "counts": counts or {action: 0},
            "counted": "violations by enforcement action",
            "claimed": differing({"violations": total}, {"violations": claimed}),
            "reasons": reasons_of(dict.fromkeys(self._messages)),
            "findings": document.digest if document else None,
            "findings_count": len(self._findings),
            # A constraint lists twenty; what it does not list is not gone.
            "extent": "unknown" if claimed is not None and claimed > total else None,
            "reported_outcome": named(action),
            "tool": TOOL,
        }, kind="audit", documents=[document])  # fmt: skip
