"""What a plan or an operation does to resources, counted as Terraform counts it.

A replacement is one addition and one removal; reading a data source, forgetting a resource, and
data sources that go, are neither.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from intake.rows import Rows, named

if TYPE_CHECKING:
    from collections.abc import Collection

    from intake.report import Document

MOST_NAMED: Final = 1000
"""Resources that an event lists; the document lists all of them."""

_QUIET: Final = frozenset({"no-op", "read"})


class Changes:
    """Changes of resources being counted, and written down without any value."""

    def __init__(self) -> None:
        self._rows = Rows("changes")
        self._counts: Counter[str] = Counter()
        self._resources: list[str] = []
        self.adds = self.changes = self.destroys = self.imports = self.drift = 0

    def add(
        self, word: str, actions: Collection[str], address: str | None, more: dict[str, Any]
    ) -> None:
        """Count a change and write it down.

        Args:
            word: the action in one word: `replace`, `no-op`.
            actions: what is done; `create` and `delete` together for a replacement.
            address: of the resource.
            more: further fields of its row.
        """
        self._counts[word] += 1
        self.adds += "create" in actions
        self.changes += "update" in actions
        self.destroys += "delete" in actions
        imported = more.get("importing") is True
        self.imports += imported
        if word in _QUIET and not imported and more.get("previous_address") is None:
            return
        name = named(address)
        if name is not None and word not in _QUIET:
            self._resources.append(name)
        self._rows.add({"address": name, "action": word, **more})

    def drifted(self, word: str, address: str | None, more: dict[str, Any]) -> None:
        """Count a resource that was changed by others, and write it down."""
        self.drift += 1
        self._rows.add({"address": named(address), "action": word, "drift": True, **more})

    def document(self) -> Document | None:
        """The rows; None where there is none."""
        return self._rows.document()

    def told(self, counted: str) -> dict[str, Any]:
        """The fields of an event.

        Args:
            counted: what was counted.
        """
        few = len(self._resources) <= MOST_NAMED
        return {
            "adds": self.adds,
            "changes": self.changes,
            "destroys": self.destroys,
            "imports": self.imports or None,
            "counts": dict(sorted(self._counts.items())) or None,
            "counted": counted,
            "resources": self._resources or None if few else None,
        }
