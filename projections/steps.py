"""What SQL cannot say without walking a graph edge by edge: steps in Python, named like tables.

A step gets tables and gives one; nothing else goes in. Its text is part of the digest of every
definition that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from projections.containment import contained, containing
from projections.picking import picked

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        module: the module of this room that holds it.
        needs: the tables it is given, in this order.
        run: makes its table.
    """

    module: str
    needs: tuple[str, ...]
    run: Callable[..., pa.Table]


STEPS: Final = {
    "contained": Step("containment", ("deployment_commits", "commit_parents"), contained),
    "contained_anywhere": Step("containment", ("deployed_commits", "commit_parents"), contained),
    "picked": Step("picking", ("pick_links",), picked),
    "trace_containing": Step(
        "containment", ("trace_seeds", "trace_edges", "trace_deployed"), containing
    ),
    "trace_history": Step("containment", ("trace_line_commits", "trace_edges"), contained),
}
