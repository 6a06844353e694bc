"""Random histories of one approval go as a model of it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.decisions.approving import (
    ExpireApproval,
    RejectApproval,
    Step,
    WithdrawApproval,
)
from domain.decisions.fact import (
    CommitPushed,
    Fact,
    PersonLinked,
    PersonUnlinked,
)
from domain.errors import PipeledgerError
from tests.domain.decisions.approving import (
    ANN,
    BOB,
    CEM,
    DEE,
    EVE,
    NOW,
    SHA,
    UNTIL,
    by,
    grant,
    requested,
    told,
)

PEOPLE = (ANN, BOB, CEM, DEE, EVE)


@dataclass
class Model:
    """An approval that ann requested of two others, told plainly.

    Attributes:
        links: pairs that were linked.
        made: whoever made it.
        granted: who said yes.
        ended: how it ended.
    """

    links: set[frozenset[str]] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    granted: list[str] = field(default_factory=list)
    ended: str | None = None

    def accounts(self, person: str) -> set[str]:
        """All ids of a person."""
        found, more = {person}, True
        while more:
            wider = found | {one for pair in self.links if pair & found for one in pair}
            more, found = wider != found, wider
        return found

    def may(self, step: str, person: str, at: datetime) -> bool:
        """Whether a step is allowed."""
        over = at >= NOW + timedelta(hours=12)
        if step == "expire":
            return over and self.ended is None
        if over or self.ended is not None:
            return False
        if step == "withdraw":
            return ANN in self.accounts(person)
        if len(self.granted) == 2:
            return False
        mine = self.accounts(person)
        others = {ANN, *self.made, *self.granted}
        return step == "reject" or not mine & others


STEPS = st.tuples(
    st.sampled_from(["grant", "grant", "grant", "reject", "withdraw", "expire", "link", "unlink",
                     "made"]),
    st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(0, 1),
)  # fmt: skip


@given(st.lists(STEPS, max_size=14))
def test_a_random_history_goes_as_the_rules_say(steps: list[tuple[str, str, str, int]]) -> None:
    """Each step is allowed or refused as a plain model says, whatever came before."""
    model, at = Model(), NOW
    facts: list[Fact] = [requested(required=2, valid_until=UNTIL)]
    for number, (what, person, other, hours) in enumerate(steps, 10):
        at += timedelta(hours=hours)
        if what in ("link", "unlink"):
            if person != other:
                pair = frozenset((person, other))
                model.links.discard(pair)
                model.links |= {pair} if what == "link" else set()
                kind = PersonLinked if what == "link" else PersonUnlinked
                facts.append(kind({"person": person, "other": other}, position=number))
            continue
        if what == "made":
            model.made.add(person)
            facts.append(CommitPushed({"commit": SHA, "authors": [person]}, position=number))
            continue
        made = attempt(what, person, at, facts)
        assert (made is not None) == model.may(what, person, at), (what, person)
        if made is not None:
            facts.append(type(made)(made.data, by(person), number))
            if what == "grant":
                model.granted.append(person)
            else:
                model.ended = what


def attempt(what: str, person: str, at: datetime, facts: list[Fact]) -> Fact | None:
    """What a step comes to; None: it is refused."""
    data = {"approval": "apr-1"}
    try:
        if what == "grant":
            return grant(person, *facts, at=at)
        steps: dict[str, Step] = {
            "reject": RejectApproval(data | {"reason": "No"}, by(person), at),
            "withdraw": WithdrawApproval(data, by(person), at, approves=False),
            "expire": ExpireApproval(data, by(person), at),
        }
        return told(steps[what], *facts)
    except PipeledgerError:
        return None
