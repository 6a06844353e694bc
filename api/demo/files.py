"""Files as test runners and scanners write them: JUnit XML, SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    import random
    from datetime import datetime

_SUITES: Final = ("basket", "payment", "stock", "account", "search", "mail")
_RULES: Final = (
    ("py.lang.sql-string-format", "warning", "7.3", "SQL built by string formatting"),
    ("py.lang.weak-hash", "warning", "5.1", "A hash that is broken"),
    ("py.web.open-redirect", "error", "6.4", "A redirect to an address from outside"),
    ("py.lang.broad-except", "note", None, "Every exception is caught"),
)


def junit(chance: random.Random, at: datetime, failures: int) -> bytes:
    """A test runner's file, with so many failures in it."""
    names = [(suite, number) for suite in _SUITES for number in range(chance.randrange(40, 90))]
    failing = set(chance.sample(names, failures))
    skipped = set(chance.sample(names, 3)) - failing
    times = {name: round(chance.uniform(0.001, 0.2), 3) for name in names}
    suite = Element(
        "testsuite", name="pytest", errors="0", failures=str(failures), skipped=str(len(skipped)),
        tests=str(len(names)), time=f"{sum(times.values()):.3f}",
        timestamp=at.isoformat(timespec="microseconds"), hostname="runner",
    )  # fmt: skip
    for name in names:
        part, number = name
        case = SubElement(
            suite, "testcase", classname=f"tests.test_{part}", name=f"test_{part}_{number}",
            time=str(times[name]),
        )  # fmt: skip
        if name in failing:
            SubElement(case, "failure", message="assert 402 == 200").text = "AssertionError"
        elif name in skipped:
            SubElement(case, "skipped", type="pytest.skip", message="needs a card reader")
    root = Element("testsuites", name="pytest tests")
    root.append(suite)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def sarif(chance: random.Random, at: datetime, commit: str, repository: str) -> bytes:
    """A static analyser's file; most runs find something, few of it serious."""
    results = [_result(chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 5)))]
    driver = {
        "name": "Semgrep OSS",
        "semanticVersion": "1.96.0",
        "rules": [_rule(*one) for one in _RULES],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "invocations": [{
            "executionSuccessful": True,
            "endTimeUtc": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }],
        "versionControlProvenance": [{"repositoryUri": repository, "revisionId": commit}],
        "results": results,
    }  # fmt: skip
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def _rule(name: str, level: str, score: str | None, text: str) -> dict[str, Any]:
    return {
        "id": name,
        "defaultConfiguration": {"level": level},
        "shortDescription": {"text": text},
        "properties": {"security-severity": score} if score else {},
    }


def _result(chance: random.Random) -> dict[str, Any]:
    name, _, _, text = chance.choice(_RULES)
    part = chance.choice(_SUITES)
    place = {
        "artifactLocation": {"uri": f"src/{part}.py"},
        "region": {"startLine": chance.randrange(1, 400)},
    }
    return {
        "ruleId": name,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "fingerprints": {"matchBasedId/v1": f"{chance.getrandbits(256):064x}"},
    }
