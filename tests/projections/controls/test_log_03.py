"""LOG-03 to LOG-07 and ACC-04: silence, retention, reading, time, access to the ledger, actors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from domain.log.by import By
from tests.projections.controls.judging import ANNA, BERT, CLEO, DORA, Shop, full_items, items, sha

if TYPE_CHECKING:
    from pathlib import Path


def sender(name: str) -> By:
    """Whoever sends with the credential that is called so."""
    return By("wkl_" + sha(name)[:32], "crd_" + sha(name)[:32], "token")


def test_silence_of_a_source_is_noticed(tmp_path: Path) -> None:
    """To the second; of one that says nothing of itself silence cannot be told from rest."""
    shop = Shop()
    told: dict[str, tuple[list[str], str | None, tuple[str, str]]] = {
        "steady": (["10:30", "11:29"], None,
                   ("satisfied", "never silent for longer than its limit")),
        "silent": (["10:30"], None, ("violated", "silent, and nobody noticed")),
        "silent-in-between": (["11:30"], None, ("violated", "silent, and nobody noticed")),
        "noticed": (["10:20"], "11:25",
                    ("insufficient-evidence", "silent and noticed, but not explained")),
        "noticed-too-late": (["11:30"], "11:40", ("violated", "silent, and nobody noticed")),
        "revoked": (["10:30"], None, ("satisfied", "never silent for longer than its limit")),
        "seldom": ([], None, ("satisfied", "never silent for longer than its limit")),
        "called-seldom-since": (["10:30"], None, ("violated", "silent, and nobody noticed")),
        "called-seldom-at-once": (
            ["10:30"], None, ("satisfied", "never silent for longer than its limit"),
        ),
        "called-often-since": ([], None, ("violated", "silent, and nobody noticed")),
        "open": ([], None,
                 ("insufficient-evidence", "nobody says how often it is to be heard of")),
    }  # fmt: skip
    for name in told:
        every = {"seldom": 86_400, "called-often-since": 86_400, "open": None}.get(name, 60)
        shop.say("source.registered", "03-01T10:00", name=name, kind="github", every_s=every,
                 credential=sender(name).credential, assurance="decided")  # fmt: skip
    for name, (times, noticed, _) in told.items():
        for time in times:
            shop.build(f"03-01T{time}", "a", "1", by=sender(name))
        if noticed is not None:
            shop.say("source.gap", f"03-01T{noticed}", name=name, assurance="observed")
    for name, time, every in (
        ("called-seldom-since", "03-01T12:00", 86_400), ("called-often-since", "03-01T11:00", 60),
        ("called-seldom-at-once", "03-01T10:40", 86_400),
    ):  # fmt: skip
        shop.say("source.registered", time, name=name, kind="github", every_s=every,
                 credential=sender(name).credential, assurance="decided")  # fmt: skip
    shop.build("03-01T12:29", "a", "1")
    shop.say("key.revoked", "03-01T11:00", credential=sender("revoked").credential,
             assurance="decided")  # fmt: skip
    found = items(shop, tmp_path, "LOG-03")
    assert found == {name: expected for name, (_, _, expected) in told.items()}
    later = read_time("2026-03-01T12:00:00Z", "from")
    assert "revoked" not in items(shop, tmp_path, "LOG-03", window_from=later)


def test_time_is_right_or_an_item(tmp_path: Path) -> None:
    """Future claims, late records, clocks that are off."""
    shop = Shop()
    fine = shop.build("03-01T10:00", "a", "1")
    future = shop.build("03-02T10:00:02", "a", "1", recorded="03-02T10:00")
    late = shop.build("03-03T10:00", "a", "1", recorded="03-03T11:01")
    back = shop.build("03-03T09:00", "a", "1", recorded="03-03T09:00")
    found = {
        (row["item_key"].split()[0], *row["positions"]): (row["outcome"], row["reason"])
        for row in full_items(shop, tmp_path, "LOG-06")
    }
    assert found == {
        ("events", fine): ("satisfied", "recorded soon after it happened"),
        ("event", future): ("violated", "it claims to have happened after it was recorded"),
        ("event", late): ("insufficient-evidence", "recorded long after it happened"),
        ("event", back): ("violated", "recorded before the entry before it"),
        ("clocks", back): ("insufficient-evidence", "no clock was checked"),
    }
    checks: dict[str, dict[str, Any]] = {
        "right": {"offset_s": 1.0},
        "off": {"offset_s": -1.1},
        "untold": {},
    }
    positions = {
        name: shop.say("clock.checked", "03-04T10:00", outcome="success", assurance="observed",
                       **more)
        for name, more in checks.items()
    }  # fmt: skip
    rows = items(shop, tmp_path, "LOG-06")
    assert [rows[str(positions[name])] for name in checks] == [
        ("satisfied", "a clock was right"),
        ("violated", "a clock was off by more than its limit"),
        ("insufficient-evidence", "a clock could not be checked"),
    ]


def test_a_step_of_people_names_a_person(tmp_path: Path) -> None:
    """Others are the sender's own."""
    shop = Shop()
    fine = [shop.approve("a1", "03-01T10:00", "a"), shop.build("03-01T10:00", "a", "1")]
    fine.append(shop.approve("a2", "03-01T10:00", "a", approver=None, verdict="requested"))
    bad = [
        shop.approve("a3", "03-01T10:00", "a", approver="wkl_" + "e" * 32),
        shop.approve("a4", "03-01T10:00", "a", approver=None),
    ]
    found = full_items(shop, tmp_path, "ACC-04")
    assert {row["reason"] for row in found if row["outcome"] == "violated"} == {
        "a step of people that names no person"
    }
    assert (
        sorted(p for row in found if row["outcome"] == "violated" for p in row["positions"]) == bad
    )
    assert {p for row in found if row["outcome"] == "satisfied" for p in row["positions"]} == set(
        fine
    )


def test_what_changes_the_ledger_is_decided_by_two(tmp_path: Path) -> None:
    """Since there are two operators; two accounts of one person are one."""
    shop = Shop()

    def register(time: str, first: str, second: str | None) -> int:
        return shop.say("service.registered", time, service="shop", second=second,
                        assurance="decided", by=By(first, "crd_" + "c" * 32, "token"))  # fmt: skip

    def issue(time: str, holder: str, expires: str | None = None) -> int:
        return shop.say("token.issued", time, credential=f"of {holder}", principal=holder,
                        role="operator", expires=expires, assurance="decided")  # fmt: skip

    issued = issue("03-01T09:00", ANNA)
    expected = {
        str(issue("03-01T09:30", CLEO, "2026-03-01T10:00:00Z")): ("satisfied", "on record"),
        str(register("03-01T10:00", ANNA, None)):
            ("insufficient-evidence", "there was nobody else to ask"),
        str(issued): ("satisfied", "on record"),
        str(issue("03-01T11:00", BERT)): ("satisfied", "on record"),
        str(register("03-01T12:00", ANNA, None)): ("violated", "decided by one alone"),
        str(register("03-01T13:00", ANNA, BERT)): ("satisfied", "decided by two"),
        str(register("03-01T14:00", ANNA, DORA)): ("violated", "both are one person"),
        str(shop.say("person.linked", "03-02T10:00", person=ANNA, other=DORA, second=CLEO,
                     assurance="decided")): ("satisfied", "decided by two"),
    }  # fmt: skip
    shop.say("evidence.read", "03-03T10:00", evidence="metrics", assurance="observed")
    shop.say("evidence.exported", "03-03T11:00", evidence="metrics", assurance="decided")
    rows = full_items(shop, tmp_path, "LOG-07")
    assert [row["assurance"] for row in rows if row["item"] == "readings"] == ["observed"]
    found = items(shop, tmp_path, "LOG-07")
    assert found.pop("wkl_" + "a" * 32) == ("satisfied", "on record")
    assert found == expected


def test_nothing_goes_before_its_time_or_under_a_hold(tmp_path: Path) -> None:
    """Redacting is no disposal, and no pass either."""
    shop = Shop()
    old = shop.build("01-01T10:00", "a", "1")
    young = shop.build("03-01T10:00", "a", "1")

    def dispose(time: str, *positions: int) -> str:
        data: dict[str, Any] = {"evidence": "e", "positions": list(positions) or None}
        return str(shop.say("record.disposed", time, assurance="decided", **data))

    kept = ("satisfied", "kept as long as it must be")
    expected = {
        dispose("03-02T10:00:01", old): kept,
        dispose("03-02T10:00:02", old, young): ("violated", "disposed of before its time"),
        dispose("03-02T11:00"): ("insufficient-evidence", "nobody says which records are gone"),
        "ledger": ("satisfied", "every entry is there since the first"),
    }
    shop.say("hold.placed", "03-03T10:00", evidence="h", assurance="decided")
    expected[dispose("03-04T10:00", old)] = (
        "insufficient-evidence", "gone while a hold was in place",
    )  # fmt: skip
    shop.say("hold.lifted", "03-05T10:00", evidence="h", assurance="decided")
    expected[dispose("03-06T10:00", old)] = kept
    expected[str(shop.say("part.redacted", "03-07T10:00", position=young, parts=["event"],
                          assurance="decided"))] = (
        "insufficient-evidence", "redacted before its time",
    )  # fmt: skip
    assert items(shop, tmp_path, "LOG-04", {"retain_days": 60}) == expected


def test_the_log_is_looked_at_in_each_interval(tmp_path: Path) -> None:
    """The ledger records who reads."""
    shop = Shop()
    shop.build("03-01T10:00", "a", "1", recorded="03-01T10:00")
    shop.say("evidence.read", "03-01T12:00", evidence="entries", assurance="observed")
    shop.build("03-03T10:00", "a", "1", recorded="03-03T10:00")
    rows = full_items(shop, tmp_path, "LOG-05")
    assert [(row["outcome"], row["reason"]) for row in rows] == [
        ("satisfied", "read"), ("violated", "not done in the interval"),
    ]  # fmt: skip
