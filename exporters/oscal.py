"""OSCAL assessment results: what controls came to, for the tools of those who assess.

A framework is a result, a control a finding, a test with its parameters an observation; what says
more than OSCAL has words for stands in properties of a namespace of ours. Every identifier is made
of the ledger's root, so whoever exports the same state again gets the same document.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.instant import write_time
from exporters.assessment import SHOWN
from exporters.oscal_checks import check_document

if TYPE_CHECKING:
    from datetime import datetime

    from exporters.assessment import Assessment, Judged, Row
    from projections.catalogue import Control, Framework

VERSION: Final = "1.2.1"
"""Of OSCAL."""
MEDIA_TYPE: Final = "application/oscal+json"
NAMESPACE: Final = "https://pipeledger.invalid/ns/oscal"
"""Of our properties; a name, not an address."""
_POSITIONS: Final = 100
"""Entries named for one item; an item of more is found by the others too."""
_REASONS: Final = {"satisfied": "pass", "violated": "fail"}
_CONTROL_CHARACTERS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_COUNTS: Final = ("population", "satisfied", "violated", "excepted", "insufficient",
                  "not_applicable")  # fmt: skip


def write_oscal(assessment: Assessment) -> bytes:
    """An assessment as an OSCAL document in JSON.

    Raises:
        SettingError: the catalogue has an id that OSCAL cannot hold; names it.
    """
    document = _Document(assessment).whole()
    check_document(document)
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


class _Document:
    """One document while it is made."""

    def __init__(self, assessment: Assessment) -> None:
        self._of = assessment
        proof = assessment.proof
        said = [proof.origin, proof.root, str(proof.position), proof.digest,
                json.dumps(proof.parameters.told(), sort_keys=True)]  # fmt: skip
        self._base = uuid5(NAMESPACE_URL, "\n".join([NAMESPACE, *said]))
        self._at = write_time(assessment.told.last_at)
        self._most = _even(
            [
                len(assessment.shown(*one))
                for framework in assessment.frameworks
                for one in sorted(self._observed(framework))
            ],
            SHOWN,
        )

    def whole(self) -> dict[str, Any]:
        proof = self._of.proof
        return {"assessment-results": {
            "uuid": self._id("document"),
            "metadata": {
                "title": f"Controls as events of {proof.origin} show them",
                "last-modified": self._at,
                "version": str(proof.position),
                "oscal-version": VERSION,
                "props": _props(
                    ("origin", proof.origin), ("position", proof.position), ("root", proof.root),
                    ("signed", "yes" if self._of.is_signed else "no"),
                    ("definitions", proof.digest), ("catalogue", self._of.catalogue.digest),
                ),
                "remarks": "Outcomes are of recorded events only; nothing here certifies anybody."
                " An outcome without evidence is insufficient-evidence, never satisfied.",
            },
            "import-ap": {"href": f"#{self._id('plan')}"},
            "results": [self._result(one) for one in self._of.frameworks],
            "back-matter": {"resources": [self._plan(), self._ledger()]},
        }}  # fmt: skip

    def _result(self, framework: Framework) -> dict[str, Any]:
        judged = list(self._of.judged(framework))
        first, last = self._of.window
        name = framework.framework
        observed = sorted(self._observed(framework).items())
        observations = [self._observation(name, row) for _, row in observed]
        findings = [self._finding(name, one) for one in judged]
        assets = {
            "components": [{
                "uuid": self._id(name, "tool"), "type": "software", "title": "Pipeledger",
                "description": "Judges recorded events by the definitions whose digest is named.",
                "status": {"state": "operational"},
            }],
            "assessment-platforms": [{
                "uuid": self._id(name, "platform"), "title": "Pipeledger",
                "uses-components": [{"component-uuid": self._id(name, "tool")}],
            }],
        }  # fmt: skip
        whole = {
            "uuid": self._id(name, "result"),
            "title": _line(framework.title),
            "description": f"{len(judged)} controls of {_line(framework.title)}, judged over the"
            " whole population of each test; not a sample.",
            "start": write_time(first),
            "end": write_time(last),
            "props": _props(
                ("framework", name), ("source", framework.source),
                ("verification", framework.verification),
            ),
            "local-definitions": {"assessment-assets": assets},
            "reviewed-controls": {"control-selections": [{
                "description": "The controls that recorded events say something about.",
                "include-controls": [{"control-id": _oscal_id(one.control)} for one in judged],
            }]},
            "observations": observations,
            "findings": findings,
        }  # fmt: skip
        return _without_empty(whole)

    def _observed(self, framework: Framework) -> dict[tuple[str, str], Row]:
        """The results of a framework: a test that answers several controls is observed once."""
        return {
            (row["test"], row["variant"]): row
            for one in self._of.judged(framework) for row in one.results
        }  # fmt: skip

    def _observation(self, framework: str, row: Row) -> dict[str, Any]:
        test = self._of.catalogue.tests[row["test"]]
        reasons = [
            f"{one['outcome']}: {one['reason']} ({one['items']})"
            for one in self._of.rows("control_reasons")
            if (one["test"], one["variant"]) == (row["test"], row["variant"])
        ]
        if nothing := self._of.why_nothing(row):
            reasons.append(f"{row['outcome']}: {nothing}")
        shown = self._of.shown(row["test"], row["variant"])[: self._most]
        left_out = row["population"] - len(shown)
        return _without_empty({
            "uuid": self._id(framework, "observation", row["test"], row["variant"]),
            "title": f"{row['test']} {_line(test.title)}",
            "description": f"Population: {test.population}. Satisfied when: {test.satisfied}."
            f" Violated when: {test.violated}.",
            "props": _props(
                ("test", row["test"]), ("parameter-set", row["variant"]),
                ("parameters", row["parameters"]), ("outcome", row["outcome"]),
                *((name.replace("_", "-"), row[name]) for name in _COUNTS),
                ("items-not-listed", left_out),
                *(("reason", reason) for reason in reasons),
            ),
            # Re-performed over every item from records: a test; of what was written down.
            "methods": ["EXAMINE", "TEST"],
            "types": ["control-objective"],
            "origins": [{"actors": [
                {"type": "tool", "actor-uuid": self._id(framework, "tool")}
            ]}],
            "relevant-evidence": [self._evidence(item) for item in shown],
            "collected": self._at,
            "remarks": f"{left_out} of {row['population']} items are not listed here (about"
            f" {SHOWN} in a document, those that violate first); all are counted."
            if left_out else None,
        })  # fmt: skip

    def _evidence(self, item: Row) -> dict[str, Any]:
        positions = item["positions"]
        return {
            "href": f"#{self._id('ledger')}",
            "description": _line(f"{item['item']} {item['item_key']}: {item['outcome']},"
                                 f" {item['reason']}"),
            "props": _props(
                ("outcome", item["outcome"]), ("reason", item["reason"]),
                ("item", item["item_key"]), ("occurred-at", _instant(item["occurred_at"])),
                ("assurance", item["assurance"]),
                ("positions", " ".join(map(str, positions[:_POSITIONS]))),
                ("positions-not-listed", len(positions) - _POSITIONS
                 if len(positions) > _POSITIONS else None),
                *(("waiver", one) for one in item["waivers"]),
            ),
        }  # fmt: skip

    def _finding(self, framework: str, judged: Judged) -> dict[str, Any]:
        control, row = judged.control, judged.row
        outcome = row["outcome"]
        tests = ", ".join(f"{one['test']} {one['outcome']}" for one in judged.results)
        return _without_empty({
            "uuid": self._id(framework, "finding", control.id),
            "title": _line(f"{control.id} {control.title}"),
            "description": f"{outcome}: {tests}.",
            "props": _props(
                ("control", control.id), ("outcome", outcome), ("strength", control.strength),
                ("population", row["population"]), ("violated", row["violated"]),
                ("excepted", row["excepted"]), ("insufficient", row["insufficient"]),
                ("note", control.note),
            ),
            "origins": [{"actors": [
                {"type": "tool", "actor-uuid": self._id(framework, "tool")}
            ]}],
            "target": {
                "type": "objective-id",
                "target-id": _oscal_id(control),
                "status": {
                    "state": "satisfied" if outcome == "satisfied" else "not-satisfied",
                    "reason": _REASONS.get(outcome, "other"),
                    "remarks": f"{outcome}: how much of the control events can show is"
                    f" {control.strength}.",
                },
            },
            "related-observations": [
                {"observation-uuid": self._id(framework, "observation", one["test"],
                                              one["variant"])}
                for one in judged.results
            ],
        })  # fmt: skip

    def _plan(self) -> dict[str, Any]:
        digest = self._of.catalogue.digest
        return {
            "uuid": self._id("plan"),
            "title": "Plan: the catalogue of controls and their tests",
            "description": "Which tests answer which control, with which parameters; known by its"
            " digest, which is of the catalogue as compact JSON with sorted names.",
            "props": _props(("catalogue", digest), ("definitions", self._of.proof.digest)),
            "rlinks": [{
                "href": f"{NAMESPACE}/catalogue/{digest.removeprefix('sha256:')}",
                "media-type": "application/json",
                "hashes": [{"algorithm": "SHA-256", "value": digest.removeprefix("sha256:")}],
            }],
        }  # fmt: skip

    def _ledger(self) -> dict[str, Any]:
        proof = self._of.proof
        first, last = self._of.told.first_at, self._of.told.last_at
        whole: dict[str, Any] = {
            "uuid": self._id("ledger"),
            "title": _line(f"Ledger {proof.origin} up to position {proof.position}"),
            "description": "Positions in this document are of its entries; each is proved against"
            " the root, offline, by `pipeledger verify`." if self._of.is_signed else
            "Made of report files alone, in memory: nobody signed it, and positions count the facts"
            " that were read.",
            "props": _props(
                ("origin", proof.origin), ("position", proof.position), ("root", proof.root),
                ("first-recorded-at", _instant(first)), ("last-recorded-at", _instant(last)),
                *(("source", f"{one.name} {one.events} events, last {_instant(one.last_at)}")
                  for one in self._of.told.sources[:_POSITIONS]),
            ),
        }  # fmt: skip
        if proof.checkpoint:
            whole["base64"] = {
                "filename": "checkpoint", "media-type": "text/plain",
                "value": b64encode(proof.checkpoint.encode()).decode(),
            }  # fmt: skip
        return whole

    def _id(self, *what: str) -> str:
        return str(uuid5(self._base, "\n".join(what)))


def _even(wanted: list[int], most: int) -> int:
    """How many each may have at most, at least one, so that all together have so many."""
    left = most
    for done, number in enumerate(sorted(wanted)):
        share = left // (len(wanted) - done)
        if number > share:
            return max(share, 1)
        left -= number
    return most


def _oscal_id(control: Control) -> str:
    return control.oscal_id or control.id


def _props(*pairs: tuple[str, object]) -> list[dict[str, str]]:
    """Properties of our namespace; what has no value is left out."""
    told = ((name, _line(str(value))) for name, value in pairs if value is not None)
    return [{"name": name, "ns": NAMESPACE, "value": value} for name, value in told if value]


def _line(text: str) -> str:
    """A text on one line, without what OSCAL's lines may not hold."""
    return " ".join(_CONTROL_CHARACTERS.sub(" ", text).split())


def _instant(value: datetime | None) -> str | None:
    return None if value is None else write_time(value)


def _without_empty(whole: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: no array of OSCAL may be."""
    return {name: value for name, value in whole.items() if value not in (None, [], "")}
