"""Audits of CyberArk's Vault and of Conjur become the right facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import told, told_file


def _line(number: str, header: str = "<5>1 2026-01-01T10:00:00Z VAULT ", **more: str) -> str:
    record = {"Rfc5424": "yes", "IsoTimestamp": "2026-01-01T10:00:00Z", "Version": "11.7.0000",
              "MessageID": number, "Severity": "Info", "Issuer": "mia", "Action": "An action",
              "Safe": "Shop", "File": r"Root\db", "SourceUser": "", "TargetUser": "",
              "Reason": "", "RequestId": ""} | more  # fmt: skip
    return header + json.dumps({"format": "elastic", "syslog": {"audit_record": record}})


def _one(text: str, name: str = "cyberark") -> dict[str, Any]:
    (found,) = told(text, name)
    return found


@pytest.mark.parametrize(
    ("number", "what"),
    [("295", "secret.accessed"), ("308", "secret.accessed"), ("428", "secret.accessed"),
     ("22", "secret.accessed"), ("24", "secret.rotated"), ("294", "secret.rotated"),
     ("31", "secret.rotated"), ("52", "secret.revoked"), ("32", "access.granted"),
     ("273", "access.revoked"), ("300", "access.elevated"), ("185", "config.changed"),
     ("57", "config.changed"), ("309", "login.failed")],
)  # fmt: skip
def test_an_action_is_known_by_its_number(number: str, what: str) -> None:
    """Where it was done, and by whom."""
    found = _one(_line(number))
    assert (found["type"], found["time"]) == (what, "2026-01-01T10:00:00Z")
    place = next(found[name] for name in ("path", "target", "resource") if name in found)
    assert place == r"Shop/Root\db"
    assert found["actor"] == {"system": "cyberark", "login": "mia"}


@pytest.mark.parametrize("number", ["8", "310", "355", "19"])
def test_what_concerns_no_secret_right_or_setting_is_no_fact(number: str) -> None:
    """Log-offs, monitoring, connections of gateways."""
    assert told(_line(number), "cyberark") == []


def test_failures_are_failures() -> None:
    """A logon by its severity, a change of a password by its number."""
    assert told(_line("4"), "cyberark") == []
    assert _one(_line("4", Severity="Error"))["type"] == "login.failed"
    found = _one(_line("57", Severity="Error"))
    assert (found["type"], found["outcome"]) == ("config.changed", "failure")
    found = _one(_line("38", Severity="Error"))
    assert (found["type"], found["outcome"]) == ("secret.accessed", "failure")


@pytest.mark.parametrize("number", ["24", "52", "32", "273", "300"])
def test_what_failed_changed_nothing(number: str) -> None:
    """No secret is another one or gone, and nobody got or lost a right."""
    found = _one(_line(number, Severity="Error"))
    assert (found["type"], found["outcome"]) == ("config.changed", "failure")
    assert found["resource"] == r"Shop/Root\db"


def test_components_are_nobody_and_a_time_without_a_year_is_none() -> None:
    """Headers of RFC 3164 beside those of RFC 5424, in one file."""
    old = _line("88", "Mar 08 02:54:46 VAULT ", IsoTimestamp="", Issuer="PasswordManager1",
                Safe="", File="")  # fmt: skip
    first, second = told(old + "\n" + _line("295"), "cyberark")
    assert (first["type"], first["time"]) == ("secret.accessed", "2026-01-01T10:00:00Z")
    assert (second["time"], second["workload"]) == (None, "PasswordManager1")
    assert second["path"] == "users/PasswordManager1"
    assert "actor" not in second


def test_owners_are_of_a_safe_and_members_of_a_group() -> None:
    """Who got the right, and on what."""
    found = _one(_line("32", SourceUser="ann", File=""))
    assert (found["target"], found["subject"]["login"]) == ("Shop", "ann")
    found = _one(_line("266", SourceUser="PSMMaster", TargetUser="ann", Safe="", File="",
                       Issuer="PSMApp_HOST"))  # fmt: skip
    assert (found["target"], found["subject"]["login"]) == ("PSMMaster", "ann")
    assert found["workload"] == "PSMApp_HOST"


def test_records_may_be_cef() -> None:
    """The same facts in the other format, whose values may have spaces."""
    text = (
        r"<5>1 2026-01-01T10:00:00Z VAULT CEF:0|Cyber-Ark|Vault|12.6.0|295|Retrieve password|5|"
        r"act=Retrieve password suser=mia fname=Root\db dvc= shost=10.0.0.1 dhost= duser= "
        r'cs2Label="Safe Name" cs2="Shop One" reason=(Action: Show Password) ticket msg='
    )
    found = _one(text)
    assert (found["type"], found["path"], found["operation"]) == (
        "secret.accessed", r"Shop One/Root\db", "Retrieve password",
    )  # fmt: skip
    assert (found["outcome"], found["tool_version"], found["time"]) == (
        "success", "12.6.0", "2026-01-01T10:00:00Z",
    )  # fmt: skip
    assert found["reason"] == "(Action: Show Password) ticket"


def test_a_line_that_is_no_record_is_named() -> None:
    """The file is refused as a whole."""
    with pytest.raises(RefusedError) as caught:
        read_report((_line("295") + "\nnonsense\n").encode())
    assert "line 2" in caught.value.place


def _conjur(operation: str, subject: str, result: str = "success", user: str = "user:mia") -> str:
    return (
        f'<37>1 2026-01-01T10:00:00.123+00:00 c conjur 1 x [auth@43868 user="acme:{user}"]'
        f'[subject@43868 {subject}][action@43868 result="{result}" operation="{operation}"] text'
    )


def test_conjurs_audit_says_who_fetched_and_who_set() -> None:
    """Hosts are workloads; what failed set nothing."""
    variable = 'resource="acme:variable:db/pass"'
    found = _one(_conjur("fetch", variable), "conjur")
    assert (found["type"], found["path"], found["outcome"]) == (
        "secret.accessed", "acme:variable:db/pass", "success",
    )  # fmt: skip
    assert (found["actor"], found["time"]) == (
        {"system": "conjur", "login": "mia"}, "2026-01-01T10:00:00.123+00:00",
    )  # fmt: skip
    found = _one(_conjur("update", variable, user="host:ci"), "conjur")
    assert (found["type"], found["workload"]) == ("secret.rotated", "ci")
    found = _one(_conjur("update", variable, "failure"), "conjur")
    assert (found["type"], found["outcome"]) == ("config.changed", "failure")
    found = _one(_conjur("authenticate", 'role="acme:user:mia"', "failure"), "conjur")
    assert found["type"] == "login.failed"
    assert told(_conjur("check", variable), "conjur") == []


WHAT = {
    "38": ("secret.accessed", "failure"), "88": ("secret.rotated", None),
    "294": ("secret.rotated", None),
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize(
    "name",
    ["vault-syslog.cpm-verify-failed.log", "vault-syslog.set-password.log",
     "vault-syslog.store-password.log"],
)  # fmt: skip
def test_real_records_say_what_their_rows_say(name: str) -> None:
    """Each line's time, action, issuer, safe, file, reason."""
    row = facts("SOURCES-platforms.tsv")[f"cyberark/{name}"]
    wanted = [
        dict(re.findall(r"(\w+)=(.*?)(?:; (?=\w+=)|$)", line.partition(": ")[2]))
        for line in row.split(" | ")
    ]
    found = told_file(f"cyberark/{name}", "cyberark")
    assert len(found) == len(wanted)
    for one, told_by in zip(found, wanted, strict=True):
        assert (one["type"], one.get("outcome")) == WHAT[told_by["msgid"]]
        assert (one["time"], one["operation"]) == (told_by.get("iso"), told_by["action"])
        assert told_by["issuer"] in (one.get("workload"), one.get("actor", {}).get("login"))
        place = "/".join(part for part in (told_by["safe"], told_by["file"]) if part)
        assert one["path"] == (place or f"users/{told_by['issuer']}")
        assert one.get("reason", "")[:60] == told_by["reason"].strip()[:60]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, shuffled: a clear refusal, or readings the door takes."""
    lines = _line("295") + "\n" + _line("88", "Mar 08 02:54:46 VAULT ")
    for text in (lines, _conjur("fetch", 'resource="acme:variable:db/pass"')):
        check_damaged(text.encode(), 200)
