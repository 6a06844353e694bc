"""The line of one thing as a tree: each hop proved, asserted or missing, each gap with its line.

What is to be pasted comes from the ledger, so it is shown only where it calls a command of ours.
"""

from __future__ import annotations

from typing import Any

from pipeledger.looking import at, objects, text, texts
from pipeledger.page import Branch, Page, is_ours
from pipeledger.readable import instant, name

_MARKS = {"proved": "[ok]", "asserted": "[said]", "missing": "[gap]", "none": "[--]"}
_LEGEND = (
    "ok: its source itself was authenticated, and a digest or whole commit id ties it here; "
    "said: somebody's word; gap: nothing is known; --: nothing need be there; "
    "@: positions in the ledger"
)


def trace_page(said: Any) -> Page:  # noqa: ANN401 - JSON
    """A line as a page; `said` is the object `trace` of the answer."""
    page = Page(f"{_kinds(said)} {name(at(said, 'asked', 'word'))}")
    page.branches = [_hop(one) for one in objects(said, "hops")]
    known = [
        f"{key} {name(at(said, key))}"
        for key in ("service", "repository", "commit", "artifact") if at(said, key)
    ]  # fmt: skip
    gaps = sum(text(one, "state") == "missing" for one in objects(said, "hops"))
    page.notes = [", ".join(known)] if known else []
    page.notes += [f"{gaps} gaps" if gaps else "no gap", _LEGEND]
    return page


def _kinds(said: Any) -> str:  # noqa: ANN401 - JSON
    found = list(dict.fromkeys(text(one, "kind") for one in objects(said, "asked", "found")))
    return ", ".join(filter(None, found)).capitalize() or "Trace"


def _hop(hop: dict[str, Any]) -> Branch:
    place = text(hop, "environment")
    mark = _MARKS.get(text(hop, "state"), "[?]")
    branch = Branch(f"{mark:<6} {text(hop, 'hop')}{f' to {place}' if place else ''}")
    branch.below += [_item(one) for one in objects(hop, "items")]
    left_out = at(hop, "left_out")
    if isinstance(left_out, int) and left_out:
        branch.below.insert(0, Branch(f"{left_out} earlier ones"))
    gap = at(hop, "gap")
    if isinstance(gap, dict):
        branch.below.append(_gap(gap))
    return branch


def _item(item: dict[str, Any]) -> Branch:
    words = [text(item, "item"), name(text(item, "id"))]
    if when := at(item, "happened_at"):
        words.append(instant(when))
    words += [said for said in (text(item, "outcome"), text(item, "environment")) if said]
    words += [_fact(fact) for fact in texts(item, "facts")]
    if person := text(item, "person"):
        words.append(f"by {person}")
    flags = []
    if at(item, "holds") is False:
        flags.append("does not count here")
    if at(item, "is_late") is True:
        flags.append("after production")
    positions = at(item, "positions")
    where = f" @{','.join(map(str, positions[:5]))}" if isinstance(positions, list) else ""
    more = f" ({', '.join(flags)})" if flags else ""
    return Branch(" ".join(words) + more + where)


def _fact(fact: str) -> str:
    key, sign, value = fact.partition("=")
    return f"{key}={name(value)}" if sign else fact


def _gap(gap: dict[str, Any]) -> Branch:
    branch = Branch(text(gap, "why"))
    for key, said in (("run", ""), ("lasting", "or, for good: ")):
        line = at(gap, key)
        if isinstance(line, str) and is_ours(line):
            branch.below.append(Branch(said, paste=line))
        elif line:
            branch.below.append(Branch("what the ledger says to run is no command of ours"))
    return branch
