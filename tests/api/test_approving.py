"""What an approval stands on holds until its step is appended, whoever acts meanwhile."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.approving import Approving
from api.deciding import BY_SERVER
from api.decisions import decide
from api.expiring import Dates
from api.granting import Granting
from api.host import now
from api.one_approval import shown
from api.periodic import Periodic
from domain.errors import ConflictError
from domain.log.entry import format_at, parse_entry
from domain.people import Account
from store.ledger.ledger import SERVER
from store.ledger.reader import Filter
from store.postgres.database import Database
from tests.api.homes import Home, interrupted
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from api.served import Served
    from domain.draft import Draft
    from store.credentials import Credential
    from store.postgres.database import Connection
    from store.postgres.roles import Role

SHA = "c" * 40
DIGEST = "sha256:" + "1" * 64
IMAGE = {"kind": "artifact", "digest": DIGEST}
REPOSITORY = "https://code.example/acme/shop"


def approving(home: Home, who: Credential, here: Served | None = None) -> Approving:
    """Commands about approvals in the name of somebody."""
    return Approving(here or home.here, who, now(), os.urandom)


def requested(home: Home, **more: Any) -> str:  # noqa: ANN401 - JSON
    """Ann asks for an approval of the image; its id."""
    ann = home.person("emitter", "ann")
    return str(approving(home, ann).request({"subjects": [IMAGE]} | more).fact.data["approval"])


def told(home: Home, kind: str, **data: Any) -> None:  # noqa: ANN401 - JSON
    """The ledger holds one more event."""
    decide(home.here.ledger, f"pipeledger.{kind}.v1", data, SERVER, now(), os.urandom)


def types(home: Home, family: str) -> list[str]:
    """What the ledger holds of a family, in order."""
    rows = home.here.ledger.reader.entries(home.size, Filter(types=(f"pipeledger.{family}.*",)))
    return [parse_entry(row.raw).context.type.rpartition(".")[2] for row in rows]


Between = Callable[[Home, "Credential", str], object]
MEANWHILE: dict[str, Between] = {
    "the granter's account is linked with the requester's": lambda home, bob, _: told(
        home, "person.linked", person=bob.principal, other=home.person("emitter", "ann").principal
    ),
    "two strangers are linked, through whom it may be": lambda home, _, __: told(
        home, "person.linked", person=home.person("emitter", "x").principal,
        other=home.person("emitter", "y").principal,
    ),
    "the image turns out to be built from a commit": lambda home, _, __: told(
        home, "build.finished", outcome="success", artifacts=[{"digest": DIGEST}], commit="d" * 40
    ),
    "an author of the commit becomes known": lambda home, bob, _: told(
        home, "commit.pushed", repository=REPOSITORY, commit=SHA, co_authors=[bob.principal]
    ),
    "it is withdrawn": lambda home, _, identity: approving(home, home.ada).withdraw(identity, None),
    "it is rejected": lambda home, _, identity: approving(home, home.ada).reject(identity, "No"),
    "somebody else grants it": lambda home, _, identity: approving(home, home.ada).grant(
        identity, {}
    ),
    "the granter's token is revoked": lambda home, bob, _: Granting(
        home.here, SERVER, now(), os.urandom
    ).revoke_token(bob.id),
}  # fmt: skip
"""What comes between reading and append of a grant."""


@pytest.mark.parametrize("between", MEANWHILE.values(), ids=MEANWHILE.keys())
def test_a_grant_is_refused_when_meanwhile(
    home: Home, monkeypatch: pytest.MonkeyPatch, between: Between
) -> None:
    """And nothing of it is kept."""
    told(home, "build.finished", outcome="success", artifacts=[{"digest": DIGEST}], commit=SHA)
    identity = requested(home)
    bob = home.person("approver", "bob")
    late = approving(home, bob)
    kept = interrupted(monkeypatch, late, lambda: between(home, bob, identity))
    with pytest.raises(ConflictError, match="meanwhile"):
        late.grant(identity, {})
    assert home.size == kept()


def test_a_grant_is_not_refused_for_what_it_does_not_stand_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another approval, another commit, another token."""
    told(home, "build.finished", outcome="success", artifacts=[{"digest": DIGEST}], commit=SHA)
    identity = requested(home)
    late = approving(home, home.person("approver", "bob"))

    def between() -> None:
        told(home, "commit.pushed", repository=REPOSITORY, commit="d" * 40)
        approving(home, home.person("approver", "cem")).grant(requested(home), {})

    interrupted(monkeypatch, late, between)
    assert late.grant(identity, {})[1] == "granted"


def test_a_link_and_a_grant_by_two_processes_do_not_both_pass_unseen(home: Home) -> None:
    """At the same moment: the grant is refused, or it stands before the link."""
    identity = requested(home)
    ann, bob = home.person("emitter", "ann"), home.person("approver", "bob")
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def grant(here: Served) -> None:
        start.wait()
        try:
            outcomes.append(approving(home, bob, here).grant(identity, {})[0].position)
        except ConflictError as error:
            outcomes.append(error)

    def link() -> None:
        start.wait()
        home.by(home.ada).link(ann.principal, bob.principal, "Same login")

    with home.other() as there:
        threads = [threading.Thread(target=grant, args=(there,)), threading.Thread(target=link)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows = home.here.ledger.reader.entries(
        home.here.ledger.reader.head()[0], Filter(types=("pipeledger.person.linked",))  # type: ignore[index]
    )  # fmt: skip
    (linked,) = [row.position for row in rows]
    (outcome,) = outcomes
    assert isinstance(outcome, ConflictError) or outcome < linked  # type: ignore[operator]


def test_of_two_processes_one_grants_what_takes_one(home: Home) -> None:
    """The other is told that it was granted, or that something came meanwhile."""
    identity = requested(home)
    people = [home.person("approver", name) for name in ("bob", "cem")]
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def grant(here: Served, who: Credential) -> None:
        start.wait()
        try:
            outcomes.append(approving(home, who, here).grant(identity, {})[1])
        except ConflictError:
            outcomes.append("refused")

    with home.other() as there:
        pairs = zip((home.here, there), people, strict=True)
        threads = [threading.Thread(target=grant, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, outcomes)) == ["granted", "refused"]


def test_what_ends_by_its_date_is_recorded_once_by_however_many_processes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its date on and not before; what ended otherwise is not recorded again."""
    until = format_at(now() + timedelta(hours=1))
    over = {requested(home, valid_until=until), requested(home, valid_until=until)}
    withdrawn = requested(home, valid_until=until)
    requested(home)
    approving(home, home.ada).withdraw(withdrawn, None)
    granted = over.copy().pop()
    approving(home, home.person("approver", "bob")).grant(granted, {})
    dates = Dates([home.here])
    # Pages of two: more steps than one of them holds.
    monkeypatch.setattr("api.expiring._PAGE", 2)
    assert dates.sweep(now(), os.urandom) == []
    later = now() + timedelta(hours=1)
    with home.other() as there:
        assert set(dates.sweep(later, os.urandom)) == over
        assert Dates([there]).sweep(later, os.urandom) == []
    assert dates.sweep(later, os.urandom) == []
    assert types(home, "approval").count("expired") == len(over)


def test_a_sweep_that_another_outran_records_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition of the append makes it one event."""
    identity = requested(home, valid_until=format_at(now() + timedelta(hours=1)))
    later = now() + timedelta(hours=1)
    slow = Approving(home.here, BY_SERVER, later, os.urandom)
    quick = Dates([home.here])
    interrupted(monkeypatch, slow, lambda: quick.sweep(later, os.urandom))
    with pytest.raises(ConflictError, match="meanwhile"):
        slow.expire(identity)
    assert types(home, "approval") == ["requested", "expired"]


def test_a_waiver_s_end_is_recorded(home: Home) -> None:
    """Unless it was revoked."""
    ben = home.operator("ben")
    waived = []
    for _ in range(2):
        said = {"controls": ["VUL-01"], "reason": "No fix",
                "expires": format_at(now() + timedelta(days=1))}  # fmt: skip
        proposed = home.by(home.ada).waive(said)
        waived.append(home.by(ben).confirm(proposed.position).fact.data["waiver"])
    home.by(ben).revoke_waiver(waived[0], "Fixed")
    dates = Dates([home.here])
    assert dates.sweep(now() + timedelta(days=1), os.urandom) == [waived[1]]
    assert types(home, "waiver") == ["granted", "granted", "revoked", "expired"]


def test_who_reads_judges_by_the_date_and_not_by_whether_somebody_recorded_it(home: Home) -> None:
    """A second late is late, and the sweep has not run."""
    until = now() + timedelta(hours=1)
    identity = requested(home, valid_until=format_at(until))
    bob = home.person("approver", "bob")
    late = Approving(home.here, bob, datetime.fromisoformat(format_at(until)), os.urandom)
    with pytest.raises(ConflictError, match="could be approved until"):
        late.grant(identity, {})
    assert approving(home, bob).grant(identity, {})[1] == "granted"


def test_what_an_erased_person_made_can_still_be_approved(home: Home) -> None:
    """Nobody names them any more, and it is asked for and granted all the same."""
    (gone,) = home.here.register.resolve([Account(system="code.example", login="gone")])
    told(home, "commit.pushed", repository=REPOSITORY, commit=SHA, authors=[gone])
    home.here.register.erase(gone)
    identity = requested(home, subjects=[{"kind": "commit", "commit": SHA}])
    bob = approving(home, home.person("approver", "bob"))
    assert "authors" not in bob.standing(identity).asked
    assert bob.grant(identity, {})[1] == "granted"


def test_an_approval_is_told_with_as_few_reads_however_many_accounts_are_linked(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipelines ask again and again; one of the links, long ago, says that nobody granted it."""
    identity, bob = requested(home), home.person("approver", "bob")
    approving(home, bob).grant(identity, {})
    reads: list[str] = []
    session = Database.session

    def counted(here: Database, role: Role = "owner") -> AbstractContextManager[Connection]:
        reads.append(role)
        return session(here, role)

    def linked(number: int) -> Draft:
        said = {"data": {"person": f"per_{number:032x}", "other": f"per_{number + 1:032x}"}}
        return draft(
            number, kind="pipeledger.person.linked", tags=(), streams=(),
            body=json.dumps(said).encode(),
        )  # fmt: skip

    def state() -> str:
        reads.clear()
        return str(shown(home.here.ledger, identity, now(), whole=False)["state"])

    with monkeypatch.context() as patch:
        patch.setattr(Database, "session", counted)
        assert state() == "granted"
        few = len(reads)
    told(home, "person.linked", person=bob.principal, other=home.person("emitter", "ann").principal)
    home.here.ledger.submit([linked(number) for number in range(10, 310)]).result(60)
    monkeypatch.setattr(Database, "session", counted)
    assert (state(), len(reads)) == ("requested", few)


def test_something_periodic_happens_at_once_and_again_until_it_is_left() -> None:
    """In a thread of its own."""
    times = threading.Semaphore(0)
    with Periodic(0.001, times.release, at_once=True):
        assert all(times.acquire(timeout=10) for _ in range(3))
    first = threading.Event()
    with Periodic(3600, first.set, at_once=True):
        assert first.wait(10)
    never = threading.Event()
    with Periodic(3600, never.set):
        pass
    assert not never.is_set()


def test_something_periodic_outlives_what_it_fails_of(caplog: pytest.LogCaptureFixture) -> None:
    """A full disk at one look is no reason never to look again."""
    times = threading.Semaphore(0)

    def fail() -> None:
        times.release()
        raise OSError(errno.ENOSPC, "no space left")

    with Periodic(0.001, fail, at_once=True):
        assert all(times.acquire(timeout=10) for _ in range(3))
    assert "failed; it is tried again" in caplog.text
