"""DORA's five numbers and MTTR for people: each with what it was counted of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.page import Page, Table
from pipeledger.readable import (
    NOTHING,
    amount,
    change,
    duration,
    instant,
    name,
    number,
    percent,
    rate,
)

if TYPE_CHECKING:
    from pipeledger.answers import Answer

Row = dict[str, Any]
FEW = "n<5"
_DORA_HEADINGS = (
    "deployments", "frequency", "lead time", "change fail", "recovery", "rework", "",
)  # fmt: skip
_MTTR_HEADINGS = ("incidents", "MTTR (mean)", "median", "p90", "open", "")
_DOUBTS = (
    ("attempts_failed", "{} failed attempts without effect, not counted"),
    ("impact_unknown", "{} failed deployments of unstated impact, not counted (impact=true|false)"),
    ("unresolved", "{} deployments whose changes cannot be told: no commit or build is known"),
    ("negative_lead_times", "{} changes that would be older than their deployment, left out"),
    ("unattributed_hotfixes", "{} hotfixes that name nothing they remedy"),
    ("recovery_anomalies", "{} recoveries that would end before the failure, left out"),
)
_GAPS = (
    ("incidents of unknown tier", "{} incidents of environments of unknown tier are in no number"),
    ("unmatched report", "{} reports of other sources match no deployment of their line's source"),
    ("unknown commits", "{} deployed commits are not known here: send them, or import git"),
    ("commits without a time", "{} commits say no time to count from"),
    ("cause not found", "{} incidents name as their cause a deployment that is not here"),
    ("voided", "{} events of this window were voided, not counted"),
    ("redacted", "{} events were redacted, in no number"),
)


def dora_page(answer: Answer) -> Page:
    """The five metrics."""
    page = Page(f"DORA: {_window(answer.parameters)}{_chosen(answer.parameters)}")
    if answer.empty:
        return page
    rows = answer.tables.get("dora", [])
    whole = [row for row in rows if row.get("part") == "window"]
    grouped = answer.parameters.get("group_by", "none") != "none"
    if grouped:
        page.tables.append(_dora_table(whole, str(answer.parameters["group_by"])))
    elif whole:
        page.tables.append(_dora_card(whole[0]))
        page.notes += [
            said.format(amount(whole[0][key])) for key, said in _DOUBTS if whole[0].get(key)
        ]
    if steps := [row for row in rows if row.get("part") == "step"]:
        page.tables.append(_dora_table(steps, _step_heading(answer), steps=True))
    if compared := answer.tables.get("comparison", []):
        page.tables.append(_comparison(compared, answer.parameters))
    page.notes += _gaps(answer.tables.get("window_gaps", []))
    return page


def _gaps(rows: list[Row]) -> list[str]:
    """What the numbers leave out; of gaps that have many names, how many all in all."""
    found = [row for row in rows if row.get("part") == "window"]
    notes = [
        f"environment {row.get('name')} is of unknown tier: "
        f"{amount(row.get('items'))} deployments there are in no number"
        for row in found if row.get("gap") == "unknown tier"
    ]  # fmt: skip
    for gap, said in _GAPS:
        told = [row.get("items") for row in found if row.get("gap") == gap]
        items = sum(one for one in told if isinstance(one, int))
        if items:
            notes.append(said.format(amount(items)))
    return notes


def mttr_page(answer: Answer) -> Page:
    """Mean time to restore, over incidents of whatever cause."""
    page = Page(f"MTTR: {_window(answer.parameters)}{_chosen(answer.parameters)}")
    if answer.empty:
        return page
    rows = answer.tables.get("mttr", [])
    grouped = answer.parameters.get("group_by", "none")
    for part, title in (("window", ""), ("baseline", "Baseline"), ("step", "Steps")):
        found = [row for row in rows if row.get("part") == part]
        if found:
            heading = _step_heading(answer) if part == "step" else _heading(str(grouped))
            cells = [(_label(row, steps=part == "step"), *_mttr_cells(row)) for row in found]
            page.tables.append(Table((heading, *_MTTR_HEADINGS), cells, title))
    for row in rows:
        if row.get("part") == "window" and row.get("derived_from_alerts"):
            page.notes.append(f"{amount(row['derived_from_alerts'])} incidents made of alerts")
    return page


def _dora_card(row: Row) -> Table:
    of = f"{amount(row.get('deployments'))} deployments: {amount(row.get('planned'))} planned, "
    of += f"{amount(row.get('hotfixes'))} hotfix, {amount(row.get('rollbacks'))} rollback"
    failed = f"{amount(row.get('failed'))} of {amount(row.get('counted'))} deployments; confirmed "
    failed += f"{percent(row.get('change_fail_rate_confirmed'))}, at most "
    failed += percent(row.get("change_fail_rate_upper"))
    recovered = f"{amount(row.get('recovered'))} of {amount(row.get('failed'))} recovered"
    lead = f"{amount(row.get('lead_n'))} changes, median; p75 {duration(row.get('lead_p75_s'))}, "
    lead += f"p90 {duration(row.get('lead_p90_s'))}"
    few = FEW if row.get("few_deployments") else ""
    return Table(("metric", "value", "of", "band (6 best)", ""), [
        ("deployment frequency", rate(row.get("deployments_per_day")), of,
         name(row.get("frequency_band")), few),
        ("change lead time", duration(row.get("lead_median_s")),
         lead, name(row.get("lead_band")), FEW if row.get("few_changes") else ""),
        ("change fail rate", percent(row.get("change_fail_rate")), failed, "", few),
        ("failed deployment recovery", duration(row.get("recovery_median_s")),
         f"{recovered}, median; p90 {duration(row.get('recovery_p90_s'))}",
         name(row.get("recovery_band")), _few(row.get("recovered"))),
        ("deployment rework rate", percent(row.get("rework_rate")),
         f"{amount(row.get('reworked'))} of {amount(row.get('counted'))} deployments", "", few),
    ])  # fmt: skip


def _dora_table(rows: list[Row], heading: str, *, steps: bool = False) -> Table:
    cells = [
        (
            _label(row, steps=steps),
            amount(row.get("deployments")),
            rate(row.get("deployments_per_day")),
            duration(row.get("lead_median_s")),
            percent(row.get("change_fail_rate")),
            duration(row.get("recovery_median_s")),
            percent(row.get("rework_rate")),
            FEW if row.get("few_deployments") else "",
        )
        for row in rows
    ]
    return Table((heading, *_DORA_HEADINGS), cells)


def _comparison(rows: list[Row], parameters: Row) -> Table:
    cells = [
        (
            name(row.get("group_key")),
            f"{amount(row.get('frequency_times'))} times"
            if number(row.get("frequency_times")) is not None
            else NOTHING,
            _changed(row, "lead_change_percent", "few_changes"),
            change(row.get("change_fail_points"), "points"),
            _changed(row, "recovery_change_percent", "few_recoveries"),
            change(row.get("rework_points"), "points"),
            _changed(row, "mttr_change_percent", "few_incidents"),
            FEW if row.get("few") else "",
        )
        for row in rows
    ]
    since, until = (instant(parameters.get(f"baseline_{end}")) for end in ("from", "to"))
    headings = ("", "frequency", "lead time", "change fail", "recovery", "rework", "MTTR", "")
    return Table(headings, cells, f"Beside {since} to {until} (no claim of cause)")


def _changed(row: Row, column: str, few: str) -> str:
    """A change of what counts its own cases, and whether these are few."""
    told = change(row.get(column), "%")
    return f"{told} {FEW}" if told != NOTHING and row.get(few) else told


def _mttr_cells(row: Row) -> tuple[str, ...]:
    return (
        amount(row.get("incidents")),
        duration(row.get("mttr_s")),
        duration(row.get("median_s")),
        duration(row.get("p90_s")),
        amount(row.get("open")),
        FEW if row.get("few") else "",
    )


def _label(row: Row, *, steps: bool) -> str:
    group = name(row.get("group_key"))
    if not steps:
        return "all" if group == NOTHING else group
    start = instant(row.get("window_from")).removesuffix(" 00:00:00")
    return start if group == NOTHING else f"{start} {group}"


def _window(parameters: Row) -> str:
    ends = [instant(parameters.get(f"window_{end}")) for end in ("from", "to")]
    return " to ".join(end.removesuffix(" 00:00:00") for end in ends) + " UTC"


def _chosen(parameters: Row) -> str:
    said = [
        f"{key} {parameters[key]}"
        for key in ("service", "team", "environment", "repository")
        if parameters.get(key)
    ]
    return f", {', '.join(said)}" if said else ""


def _heading(grouped: str) -> str:
    return "" if grouped == "none" else grouped


def _step_heading(answer: Answer) -> str:
    zone = answer.parameters.get("tz", "UTC")
    return f"{answer.parameters.get('bucket', 'step')} from (UTC; days of {zone})"


def _few(count: Any) -> str:  # noqa: ANN401 - JSON
    found = number(count)
    return FEW if found is not None and found < 5 else ""  # noqa: PLR2004 - as the metrics flag it
