"""JSON lines of `plan -json`, `apply -json` and `destroy -json`, Terraform's and OpenTofu's.

A file tells of a plan (`infrastructure.planned`), of what was applied (`infrastructure.applied`),
or of both. Totals are those of the summary; where there is none, of what was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.instant import Told, seconds_between, told_time
from intake.json_body import read_lines
from intake.number import count_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.terraform.changes import Changes
from intake.terraform.structure import Hook, Message, MessageChange, Resource, Summary

if TYPE_CHECKING:
    from intake.shape import Shape

_MODULES: Final = {"terraform.ui": "terraform", "tofu.ui": "opentofu"}
_PLANNED: Final = "plan"
_WORDS: Final = {"noop": "no-op", "remove": "forget"}
_REPLACED: Final = ("create", "delete")
_HALTED: Final = ("interrupt received", "two interrupts received", "stopping operation",
                  "apply cancelled", "destroy cancelled")  # fmt: skip


def claims(shape: Shape) -> bool:
    """Messages of Terraform's or OpenTofu's user interface."""
    return shape.text("@module") in _MODULES and shape.element is None


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no such messages; the line is named.
        TooLargeError: a limit was passed.
    """
    stream = _Stream()
    for _, message in read_lines(body, Message):
        stream.hear(message)
    return stream.readings()


class _Stream:
    """Hears the messages in their order."""

    def __init__(self) -> None:
        self._tool: str | None = None
        self._version: str | None = None
        self._first: Told | None = None
        self._last: Told | None = None
        self._begun: Told | None = None
        self._planned = Changes()
        self._applied = Changes()
        self._summaries: dict[bool, tuple[Summary, Told | None]] = {}
        self._has_begun = self._is_halted = False
        self._errors = self._failed = 0

    def hear(self, message: Message) -> None:
        self._tool = self._tool or _MODULES.get(message.module or "")
        told = told_time(message.timestamp)
        self._first = self._first or told
        self._last = told or self._last
        if message.type == "version":
            self._version = named(message.terraform or message.tofu)
        elif message.type == "planned_change" and message.change is not None:
            self._plan(message.change)
        elif message.type == "resource_drift" and message.change is not None:
            one = message.change
            self._planned.drifted(_word(one.action), _address(one.resource), _row(one.resource))
        elif message.type == "change_summary" and message.changes is not None:
            planned = message.changes.operation == _PLANNED
            self._summaries[planned] = (message.changes, told)
        elif message.type == "diagnostic" and message.diagnostic is not None:
            self._errors += message.diagnostic.severity == "error"
        elif message.type == "log":
            text = (message.text or "").strip().lower()
            self._is_halted = self._is_halted or text.startswith(_HALTED)
        elif message.hook is not None:
            self._do(message.type, message.hook, told)

    def _plan(self, one: MessageChange) -> None:
        word = _word(one.action)
        actions = _REPLACED if word == "replace" else (word,)
        self._planned.add(word, actions, _address(one.resource), {
            "previous_address": named(_address(one.previous_resource)),
            **_row(one.resource),
            "importing": True if one.importing is not None else None,
            "reason": named(one.reason),
        })  # fmt: skip

    def _do(self, kind: str | None, hook: Hook, told: Told | None) -> None:
        word = _word(hook.action)
        # Data sources are read while planning, too.
        if word in ("read", "no-op"):
            return
        if kind == "apply_start":
            self._begun = self._begun or told
            self._has_begun = True
        elif kind == "apply_complete":
            self._applied.add(word, (word,), _address(hook.resource), _row(hook.resource))
        elif kind == "apply_errored":
            self._failed += 1

    def readings(self) -> list[Reading]:
        applying = False in self._summaries or self._has_begun or self._failed > 0
        found = []
        if True in self._summaries:
            # Errors after a plan that went on are those of applying it.
            found.append(self._reading(planned=True, errors=0 if applying else self._errors))
        elif not applying and (self._errors or self._is_halted):
            found.append(self._reading(planned=True, errors=self._errors))
        if applying and (False in self._summaries or self._ended()):
            found.append(self._reading(planned=False, errors=self._errors))
        return found

    def _ended(self) -> bool:
        """Whether an operation without a summary says that it ended; else the file is cut."""
        return self._errors > 0 or self._failed > 0 or self._is_halted

    def _reading(self, *, planned: bool, errors: int) -> Reading:
        changes = self._planned if planned else self._applied
        summary, told = self._summaries.get(planned, (None, self._last))
        begun = self._first if planned else self._begun or self._first
        counted = "planned_change messages" if planned else "apply_complete messages"
        document = changes.document()
        data: dict[str, Any] = {
            "tool": self._tool,
            "tool_version": self._version,
            "outcome": self._outcome(errors, planned=planned),
            **changes.told(counted),
            **_totals(changes, summary),
            "drift": changes.drift if planned else None,
            "errors": (errors if planned else max(errors, self._failed)) or None,
            "resource_changes": document.digest if document else None,
            "started_at": begun.time if begun else None,
            "duration_s": seconds_between(begun, told),
        }
        what = "infrastructure.planned" if planned else "infrastructure.applied"
        return fact(what, told, data, documents=[document])

    def _outcome(self, errors: int, *, planned: bool) -> str:
        if self._is_halted and planned not in self._summaries:
            return "cancelled"
        if not planned and (self._failed or errors):
            return "failure"
        if errors:
            return "error"
        return "success"


def _word(action: str | None) -> str:
    word = named(action) or "unknown"
    return _WORDS.get(word, word)


def _address(resource: Resource | None) -> str | None:
    return resource.addr if resource is not None else None


def _row(resource: Resource | None) -> dict[str, Any]:
    if resource is None:
        return {}
    return {
        "type": named(resource.resource_type),
        "provider": named(resource.implied_provider),
    }


def _totals(changes: Changes, summary: Summary | None) -> dict[str, Any]:
    """The summary's own totals; as `claimed` once more where the messages say something else."""
    if summary is None:
        return {}
    told = {
        "adds": count_of(summary.add),
        "changes": count_of(summary.change),
        "destroys": count_of(summary.remove),
        "imports": count_of(summary.imported) or None,
    }
    found = {name: number for name, number in told.items() if number is not None}
    met = {
        "adds": changes.adds, "changes": changes.changes, "destroys": changes.destroys,
        "imports": changes.imports,
    }  # fmt: skip
    # Applying says nothing of what it imports, one by one.
    differ = any(met[name] != number for name, number in found.items() if name != "imports")
    return found | ({"claimed": found} if differ else {})


FORMAT: Final = Format(
    "terraform-log", "Terraform or OpenTofu plan and apply -json", "application/x-ndjson",
    claims, read,
)  # fmt: skip
