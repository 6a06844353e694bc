"""What the formats of test coverage share: one `coverage.measured` a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.errors import RefusedError
from intake.report import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted of the elements of a file.

    Attributes:
        files: source files.
        lines: covered lines, and lines that can be.
        branches: covered branches, and branches that can be; None where the file has none told.
        whole: whether the tool's percentage is of lines and branches together.
    """

    files: int
    lines: tuple[int, int]
    branches: tuple[int, int] | None
    whole: bool = False

    def percent(self) -> float | None:
        """Covered of what can be, 0 to 100; None where nothing can be.

        Raises:
            RefusedError: more is covered than can be.
        """
        covered, valid = self.lines
        if self.whole and self.branches is not None:
            covered, valid = covered + self.branches[0], valid + self.branches[1]
        if covered > valid:
            raise RefusedError("document", "more is covered than there is")
        return 100 * covered / valid if valid else None


def measured(
    form: str, counted: Counted, told: Told | None, more: Mapping[str, Any]
) -> Reading:  # fmt: skip
    """The reading of a file.

    Args:
        form: the format's name.
        counted: of its elements.
        told: the file's own instant.
        more: further fields of the data; None is left out.

    Raises:
        RefusedError: more is covered than can be.
    """
    percent = counted.percent()
    data: dict[str, Any] = {
        "files": counted.files,
        "lines_covered": counted.lines[0],
        "lines_valid": counted.lines[1],
        "branches_covered": counted.branches[0] if counted.branches else None,
        "branches_valid": counted.branches[1] if counted.branches else None,
        "percent": percent,
        "percent_of": None if percent is None else _basis(counted),
        "format": form,
        **more,
    }
    return Reading(
        type="pipeledger.coverage.measured.v1",
        data={name: value for name, value in data.items() if value is not None},
        time=told.time if told else None,
        local_time=told.local if told else None,
    )


def _basis(counted: Counted) -> str:
    return "lines and branches" if counted.whole and counted.branches else "lines"
