"""JUnit XML, as pytest, Maven Surefire, Gradle, Jest and many others write it.

There is no standard; what is read is what the common dialects share. One `tests.finished` for each
file. Counts are of the `testcase` elements, each counted once; what the headers claim stands
beside where it differs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.instant import told_time
from intake.number import count_of, seconds_of
from intake.report import Format, Reading
from intake.rows import Rows, named
from intake.xml_body import read_elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.buffer import Buffer
    from intake.instant import Told
    from intake.shape import Shape

STATUSES: Final = ("passed", "failure", "error", "skipped")
_ROOTS: Final = ("testsuites", "testsuite")
_WORST: Final = ("error", "failure", "skipped")
_FLAKY: Final = ("flakyFailure", "flakyError")
_SAID: Final = frozenset((*_WORST, *_FLAKY))
# Of a case with no element inside: googletest says only so that it was not run.
_NOT_RUN: Final = {
    "status": frozenset({"notrun", "disabled", "skipped", "ignored"}),
    "result": frozenset({"suppressed", "skipped"}),
}  # fmt: skip
_CLAIMS: Final = ("tests", "failures", "errors", "skipped")
_TOOLS: Final = {"pytest tests": "pytest", "pytest": "pytest", "jest tests": "jest"}


def claims(shape: Shape) -> bool:
    """`testsuites`, or `testsuite` alone."""
    return shape.root in _ROOTS


def read(body: Buffer) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no JUnit XML; the place is named.
        TooLargeError: a limit was passed.
    """
    suites = _Suites()
    read_elements(body, suites)
    return [suites.reading()]


class _Suites:
    """Hears the elements and counts."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._suites: list[str | None] = []
        self._case: Mapping[str, str] = {}
        self._found: set[str] = set()
        self._rows = Rows("results")
        self._counts: Counter[str] = Counter()
        self._not_run = 0
        self._claimed: Counter[str] = Counter()
        self._has_claims = False
        self._begun: Told | None = None
        self._total: float | None = None
        self._sum = 0.0
        self._name: str | None = None
        self._tool: str | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._path:
            self._begin(name, attributes)
        if name == "testsuite":
            self._suite(attributes)
        elif name == "testcase":
            self._case, self._found = attributes, set()
        elif name in _SAID and self._path and self._path[-1] == "testcase":
            self._found.add(name)
        self._path.append(name)

    def end(self, name: str) -> None:
        self._path.pop()
        if name == "testcase":
            self._count()
        elif name == "testsuite":
            self._suites.pop()

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if name not in _ROOTS:
            raise RefusedError("document", "expected testsuites or testsuite as outermost element")
        self._name = named(attributes.get("name"))
        self._tool = _TOOLS.get((attributes.get("name") or "").strip().lower())
        if name == "testsuites":
            self._total = _seconds(attributes.get("time"))

    def _suite(self, attributes: Mapping[str, str]) -> None:
        outermost = not self._suites
        self._suites.append(named(attributes.get("name")))
        if any(key.endswith("noNamespaceSchemaLocation") and "surefire" in value
               for key, value in attributes.items()):  # fmt: skip
            self._tool = self._tool or "surefire"
        told = told_time(attributes.get("timestamp"))
        if told is not None and (self._begun is None or told.time < self._begun.time):
            self._begun = told
        if not outermost:
            return
        self._name = self._name or self._suites[0]
        self._tool = self._tool or _TOOLS.get((attributes.get("name") or "").strip().lower())
        self._sum += _seconds(attributes.get("time")) or 0.0
        for key in _CLAIMS:
            # Some write the skipped as `disabled`, NUnit's converter as `ignored`: not a claim.
            if (number := count_of(attributes.get(key))) is not None:
                self._claimed[key] += number
                self._has_claims = True

    def _count(self) -> None:
        status = next((one for one in _WORST if one in self._found), "passed")
        if status == "passed" and _was_not_run(self._case):
            status = "skipped"
            self._not_run += 1
        self._counts[status] += 1
        self._rows.add({
            "suite": next((name for name in reversed(self._suites) if name), None),
            "class": named(self._case.get("classname")),
            "name": named(self._case.get("name")),
            "file": named(self._case.get("file")),
            "status": status,
            "duration_s": _seconds(self._case.get("time")),
            # Surefire: it failed at first and passed when it was run again.
            "flaky": not self._found.isdisjoint(_FLAKY) or None,
        })  # fmt: skip

    def reading(self) -> Reading:
        counts = {status: self._counts[status] for status in STATUSES}
        document = self._rows.document()
        told = self._begun
        data: dict[str, Any] = {
            "tool": self._tool,
            "suite": self._name,
            "outcome": _outcome(counts),
            "counts": counts,
            "counted": "testcase elements",
            "claimed": self._differing(counts),
            "started_at": told.time if told else None,
            "duration_s": self._total if self._total is not None else self._sum,
            "results": document.digest if document else None,
        }
        return Reading(
            type="pipeledger.tests.finished.v1",
            data={name: value for name, value in data.items() if value is not None},
            time=told.time if told else None,
            local_time=told.local if told else None,
            documents=(document,) if document else (),
        )

    def _differing(self, counts: Mapping[str, int]) -> dict[str, int] | None:
        found = {
            "tests": sum(counts.values()), "failures": counts["failure"],
            "errors": counts["error"], "skipped": counts["skipped"],
        }  # fmt: skip
        if self._claimed.get("skipped") == counts["skipped"] - self._not_run:
            # Who says only in a case's attributes that it was not run counts it apart, too.
            found["skipped"] -= self._not_run
        if not self._has_claims or all(found[key] == told for key, told in self._claimed.items()):
            return None
        return {key: self._claimed[key] for key in _CLAIMS if key in self._claimed}


def _outcome(counts: Mapping[str, int]) -> str:
    if counts["failure"] or counts["error"]:
        return "failure"
    return "success" if counts["passed"] else "skipped"


def _was_not_run(case: Mapping[str, str]) -> bool:
    return any(case.get(name, "").strip().lower() in words for name, words in _NOT_RUN.items())


def _seconds(text: str | None) -> float | None:
    """A duration; some dialects group thousands by a comma."""
    return seconds_of((text or "").replace(",", ""))


FORMAT: Final = Format("junit", "JUnit XML", "application/xml", claims, read, read)
