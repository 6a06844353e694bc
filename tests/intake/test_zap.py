"""ZAP's reports say which sites were looked at, what was found there, and in how many places."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, rows_of

if TYPE_CHECKING:
    from intake.report import Reading

INSTANCE = {
    "uri": "https://shop.example/login?session=PLANTED", "method": "POST", "param": "password",
    "attack": "PLANTED", "evidence": "PLANTED", "otherinfo": "userValue=PLANTED",
    "request-header": "authorization: Bearer PLANTED", "request-body": '{"password":"PLANTED"}',
    "response-header": "Set-Cookie: PLANTED", "response-body": "PLANTED",
}  # fmt: skip
ALERT: dict[str, Any] = {
    "pluginid": "10038", "alertRef": "10038-1", "alert": "CSP", "name": "CSP", "riskcode": "2",
    "confidence": "3", "instances": [INSTANCE, INSTANCE], "count": "2", "cweid": "693",
    "otherinfo": "PLANTED",
}  # fmt: skip
SITE: dict[str, Any] = {
    "@name": "https://mia:PLANTED@shop.example", "@host": "shop.example", "alerts": [ALERT],
}  # fmt: skip
REPORT: dict[str, Any] = {
    "@programName": "ZAP", "@version": "2.17.0", "@generated": "Fri, 2 Jan 2026 03:04:05",
    "site": [SITE],
}  # fmt: skip


def _xml(report: dict[str, Any]) -> bytes:
    """The same report as ZAP writes it in XML."""
    told = {"programName": "@programName", "version": "@version", "generated": "@generated",
            "created": "created"}  # fmt: skip
    attributes = "".join(
        f" {name}={quoteattr(report[ours])}" for name, ours in told.items() if ours in report
    )
    sites = "".join(
        f"<site name={quoteattr(site['@name'])}><alerts>"
        + "".join(f"<alertitem>{_alert(one)}</alertitem>" for one in site["alerts"])
        + "</alerts></site>"
        for site in report["site"]
    )
    return f'<?xml version="1.0"?>\n<OWASPZAPReport{attributes}>{sites}</OWASPZAPReport>'.encode()


def _alert(alert: dict[str, Any]) -> str:
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in alert.items()
                   if isinstance(value, str))  # fmt: skip
    places = "".join(
        "<instance>"
        + "".join(f"<{name.replace('-', '')}>{escape(value)}</{name.replace('-', '')}>"
                  for name, value in one.items())
        + "</instance>"
        for one in alert["instances"]
    )  # fmt: skip
    return f"{text}<instances>{places}</instances><tags><tag><tag>T</tag></tag></tags>"


def _both(report: dict[str, Any]) -> Reading:
    """The reading of a report, which is the same in both formats."""
    first, second = reading_of(report, "zap"), reading_of(_xml(report), "zap-xml")
    assert (first.data, first.time, first.local_time) == (
        second.data, second.time, second.local_time,
    )  # fmt: skip
    assert first.documents == second.documents
    return first


def test_alerts_are_counted_by_risk_and_places_beside() -> None:
    """An alert is what one rule found at one site; its instances are places."""
    risks = [ALERT | {"riskcode": code} for code in ("3", "2", "1", "0", "-1")]
    found = _both(REPORT | {"site": [SITE | {"alerts": risks}]})
    assert found.data["counts"] == {"high": 1, "medium": 1, "low": 1, "info": 1, "unknown": 1}
    assert (found.data["occurrences"], found.data["findings_count"]) == (10, 5)
    assert "claimed" not in found.data
    assert (found.data["kind"], found.data["tool"]) == ("dast", "ZAP")
    assert (found.data["outcome"], found.data["tool_version"]) == ("success", "2.17.0")
    row = rows_of(found)[0]
    assert (row["rule"], row["severity"], row["cwe"]) == ("10038-1", "high", "CWE-693")
    assert (row["target"], row["occurrences"]) == ("https://shop.example", 2)


def test_places_that_are_not_listed_are_only_claimed() -> None:
    """ZAP stops listing after some, and says how many there were."""
    found = _both(REPORT | {"site": [SITE | {"alerts": [ALERT | {"count": "55"}]}]})
    assert (found.data["occurrences"], found.data["claimed"]) == (2, {"occurrences": 55})


def test_one_site_is_the_target_and_of_several_none_is() -> None:
    """A clean one was looked at too; without any nothing was."""
    clean = {"@name": "http://shop.example:8080", "alerts": []}
    one, two = _both(REPORT), _both(REPORT | {"site": [SITE, clean]})
    assert one.data["target"] == "https://shop.example"
    assert "target" not in two.data
    assert two.data["targets"] == ["https://shop.example", "http://shop.example:8080"]
    assert (one.data["scanned"], two.data["scanned"]) == (1, 2)
    nothing = _both(REPORT | {"site": []})
    assert (nothing.data["scanned"], counted(nothing)) == (0, {})
    assert "targets" not in nothing.data


def test_the_instant_with_a_zone_comes_first() -> None:
    """Older versions write only a date in words, which names none."""
    old = _both(REPORT)
    assert (old.time, old.local_time) == ("2026-01-02T03:04:05Z", "Fri, 2 Jan 2026 03:04:05")
    new = _both(REPORT | {"created": "2026-01-02T02:04:05.818066350Z"})
    assert (new.time, new.local_time) == ("2026-01-02T02:04:05.818066350Z", None)
    foreign = _both(REPORT | {"@generated": "Fr., 2 Jan. 2026 03:04:05"})
    assert foreign.time is None


def test_what_somebody_called_wrong_is_marked() -> None:
    """Confidence 0 is a false positive."""
    wrong = ALERT | {"confidence": "0", "alertRef": "10038-2"}
    found = _both(REPORT | {"site": [SITE | {"alerts": [ALERT, wrong]}]})
    assert (counted(found), found.data["suppressed"]) == ({"medium": 2}, 1)
    assert [row.get("suppressed") for row in rows_of(found)] == [None, True]


def test_a_plan_with_errors_did_not_come_to_its_end() -> None:
    """The report with requests may say so; their texts stay in the original."""
    found = reading_of(REPORT | {"afPlanErrors": ["PLANTED"], "afPlanWarns": ["slow"]}, "zap")
    assert (found.data["outcome"], found.data["errors"]) == ("error", 1)
    assert reading_of(REPORT | {"afPlanErrors": []}, "zap").data["outcome"] == "success"
    assert "PLANTED" not in everything([found])


def test_requests_evidence_and_passwords_never_travel_along() -> None:
    """Nor does the user in an address."""
    told = everything([_both(REPORT)])
    assert "PLANTED" not in told
    assert "mia" not in told
    assert "password" not in told


def test_a_fingerprint_is_of_rule_and_site() -> None:
    """Another place at the site is the same problem; another site is another."""
    fewer = ALERT | {"instances": [], "count": "0", "riskcode": "1"}
    other = SITE | {"@name": "https://till.example"}
    marks = [
        rows_of(_both(REPORT | {"site": [site]}))[0]["fingerprint"]
        for site in (SITE, SITE | {"alerts": [fewer]}, other)
    ]
    assert marks[0] == marks[1] != marks[2]


def test_reports_of_old_versions_are_read() -> None:
    """One site without brackets, alerts without instances, numbers as numbers."""
    alert = {"pluginid": 10016, "alert": "XSS", "riskcode": 3, "confidence": 2, "uri": "http://x"}
    report = {"@version": "2.3.1", "site": {"@name": "http://shop.example", "alerts": [alert]}}
    found = reading_of(report, "zap")
    assert (counted(found), found.data["occurrences"]) == ({"high": 1}, 1)
    assert rows_of(found)[0]["rule"] == "10016"


@pytest.mark.parametrize(
    "body",
    [b'{"site": [], "version": "1"}', b'{"@version": "1"}', b"<report/>",
     b"<OWASPZAPReports/>"],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(body: bytes) -> None:
    """And what is called so and is another is refused."""
    with pytest.raises(RefusedError, match="no format is recognised"):
        read_report(body)
    if body.startswith(b"<"):
        with pytest.raises(RefusedError, match="OWASPZAPReport"):
            read_report(body, "zap-xml")


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items() if name.startswith("zap/")
}  # fmt: skip
_CODES = {"0": "info", "1": "low", "2": "medium", "3": "high"}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_reports_say_what_their_row_says(name: str) -> None:
    """Version, date, sites, alerts by risk, instances."""
    row = ROWS[name]
    found = reading_of((FOLDER / name).read_bytes(), "zap-xml" if name.endswith("xml") else "zap")
    told = re.match(
        r"ZAP (\S+); generated=([^;]+); sites=(\d+); alert(?:item)?s=(\d+); riskcode ([^;(]+?)"
        r"(?: \(.*\))?; instances=(\d+)$",
        row,
    )
    assert told is not None
    assert found.data["tool_version"] == told[1]
    assert found.data["scanned"] == int(told[3])
    assert found.data["findings_count"] == int(told[4]) == sum(found.data["counts"].values())
    risks = re.findall(r"(\d)=(\d+)", told[5])
    assert counted(found) == {_CODES[code]: int(number) for code, number in risks}
    assert found.data["occurrences"] == int(told[6])
    if found.local_time is not None:
        assert found.local_time == told[2]
    else:
        assert found.time == "2026-04-29T21:39:28.818066350Z"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(REPORT | {"afPlanErrors": ["x"]}).encode(), 300)
    check_damaged(_xml(REPORT | {"created": "2026-01-02T02:04:05Z"}), 300)
