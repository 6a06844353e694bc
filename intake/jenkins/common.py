"""What readers of Jenkins' objects share: which build it is, and how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from intake.address import address_of
from intake.instant import told_epoch
from intake.rows import named

if TYPE_CHECKING:
    from intake.instant import Told

SYSTEM: Final = "jenkins"
TOOL: Final = "Jenkins"
MILLIS: Final = 1000
OUTCOMES: Final = {
    "SUCCESS": "success", "UNSTABLE": "failure", "FAILURE": "failure", "FAILED": "failure",
    "ABORTED": "cancelled", "NOT_BUILT": "skipped", "NOT_EXECUTED": "skipped",
}  # fmt: skip
"""Results of builds, and states of stages; what Jenkins called it stands beside."""

_JOB: Final = re.compile(r"(?:^|/)job/([^/?#]+)")
_NUMBER: Final = re.compile(r"/([0-9]{1,10})(?:/|$)")
_BEGINS: Final = re.compile(r"/(?:job|view)/")


@dataclass(frozen=True, slots=True)
class Place:
    """Which build of which job on which server.

    Attributes:
        server: its address, or None where only a path is told.
        job: full name of the job, with its folders.
        number: of the build.
    """

    server: str | None
    job: str
    number: int

    @property
    def run(self) -> str | None:
        """The build's tag, as Jenkins gives it to the build in `BUILD_TAG`."""
        return named(f"jenkins-{self.job.replace('/', '-')}-{self.number}")


def place_of(address: str | None) -> Place | None:
    """The build that an address or path leads to; None where it leads to none."""
    text = named(address) or ""
    jobs = list(_JOB.finditer(text))
    number = _NUMBER.match(text, jobs[-1].end()) if jobs else None
    if number is None:
        return None
    begins = _BEGINS.search(text)
    server = address_of(text[: begins.start()]) if begins else None
    # A branch with a slash is a job whose name has it escaped once, and the address twice.
    name = "/".join(unquote(one[1]) for one in jobs)
    return Place(server, name, int(number[1]))


def ended(began: int | None, duration: int | None) -> Told | None:
    """When something ended that began at an instant and took so long, in milliseconds."""
    if began is None or duration is None or duration < 0:
        return None
    return told_epoch(began + duration, MILLIS)
