"""Approvals, emergencies and waivers over HTTP, with several people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.house import CANARY, DIGEST, IMAGE, REASON, REPOSITORY, House, command


def test_somebody_asks_and_somebody_else_approves(house: House) -> None:
    """Whose words both are read by who decides, and stand in the clear nowhere."""
    identity = house.request(environments=["production"], reason=REASON, ticket="OPS-1")
    seen = house.get(house.bob, f"/approvals/{identity}")
    assert (seen["state"], seen["required"], seen["granted"]) == ("requested", 1, 0)
    assert seen["asked"]["reason"] == REASON
    answer = house.post(house.bob, f"/approvals/{identity}/grant", {"reason": "Tried on staging"})
    assert (answer.status_code, answer.json()["state"]) == (201, "granted")
    said = house.data(answer.json()["position"])
    approver = house.get(house.eve, f"/entries/{answer.json()['position']}")["by"]["principal"]
    assert said == {
        "approval": identity, "subjects": [IMAGE], "environments": ["production"],
        "ticket": "OPS-1", "approver": approver,
    }  # fmt: skip
    step = house.get(house.bob, f"/approvals/{identity}")["steps"][-1]
    assert (step["what"], step["reason"]) == ("granted", "Tried on staging")
    tagged = house.get(house.eve, f"/entries?tag=artifact:{DIGEST}&type=pipeledger.approval.*")
    assert answer.json()["position"] in [one["position"] for one in tagged["entries"]]
    assert CANARY not in json.dumps(tagged)
    rows = house.get(house.eve, "/approvals?environment=production")["tables"]["approvals"]
    (row,) = [one for one in rows if one["approval"] == identity]
    assert (row["state"], row["is_decided"], row["assurance"]) == ("granted", True, "decided")


def test_an_emitter_sees_how_an_approval_stands_and_not_what_was_said(house: House) -> None:
    """A pipeline that waits for it needs no more."""
    dates = {"valid_from": "2099-01-01T00:00:00Z", "valid_until": "2099-02-01T00:00:00Z"}
    identity = house.request(reason=REASON, **dates)
    assert house.post(house.bob, f"/approvals/{identity}/grant").status_code == 201
    assert house.get(house.ann, f"/approvals/{identity}") == {
        "approval": identity, "state": "granted", "required": 1, "granted": 1,
        "missing_roles": [], **dates,
    }  # fmt: skip
    with house.server.http(house.ann) as http:
        assert http.get("/approvals/apr-none").status_code == 404


def test_only_approvers_and_operators_grant_and_reject(house: House) -> None:
    """And auditors do not even ask."""
    identity = house.request()
    for who in (house.ann, house.eve):
        for step, body in (("grant", None), ("reject", {"reason": "No"})):
            assert house.post(who, f"/approvals/{identity}/{step}", body).status_code == 403
    assert house.post(house.eve, "/approvals", {"subjects": [IMAGE]}).status_code == 403
    assert house.post(house.dee, f"/approvals/{identity}/grant").status_code == 201


def test_nobody_approves_what_they_asked_for_or_made(house: House) -> None:
    """Named by the request, or known to the ledger by what was built from what."""
    answer = house.post(house.bob, "/approvals", {"subjects": [IMAGE]})
    refused = house.post(house.bob, f"/approvals/{answer.json()['approval']}/grant")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "who requested it cannot grant it: another person with an approver's or operator's token "
        "may"
    )
    author = {"system": "pipeledger", "login": "bob"}
    named = house.request(authors=[author])
    assert "an author" in house.post(house.bob, f"/approvals/{named}/grant").json()["detail"]
    assert house.post(house.cem, f"/approvals/{named}/grant").status_code == 201

    sha, first, second = "7" * 40, "sha256:" + "7" * 64, "sha256:" + "8" * 64
    asked = house.request(subjects=[{"kind": "artifact", "digest": second}])
    house.send("build.finished", outcome="success", commit=sha, service="shop",
               artifacts=[{"digest": first}, {"digest": second}])  # fmt: skip
    house.send("commit.pushed", repository=REPOSITORY, commit=sha, co_authors=[author])
    assert "an author" in house.post(house.bob, f"/approvals/{asked}/grant").json()["detail"]
    later = house.request(subjects=[{"kind": "artifact", "digest": second}])
    (bob,) = house.get(house.eve, f"/approvals/{later}")["asked"]["authors"]
    assert bob.startswith("per_")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ivy", "Ivy"),
        ("ivy", "pipeledger/ivy"),
        ("ivy@example.com", "ivy"),
        ("ivy@example.com", "github/ivy"),
        ("ivy@example.com", "Ivy <ivy@example.com>"),
        ("ivy@build", "ivy@build"),
    ],
)
def test_whom_a_request_names_as_author_does_not_grant_it(
    house: House, name: str, word: str
) -> None:
    """By a login, as the job's system or the ledger has it, or by an address; so with its actor."""
    ivy = command(house.server, "token", "create", "--role", "approver", "--name", name)
    known = {"system": "github", "login": "ivy", "email": "ivy@example.com"}
    house.send(
        "commit.pushed", repository=REPOSITORY, commit="1" * 40, ticket=word, authors=[known]
    )
    job = {"repository": "https://github.com/acme/shop"}
    asked = house.request(authors=[word, "nobody-yet"], **job)
    assert "an author" in house.post(ivy, f"/approvals/{asked}/grant").json()["detail"]
    assert house.post(house.cem, f"/approvals/{asked}/grant").status_code == 201
    if word != "Ivy":
        asked = house.request(actor=word, **job)
        assert "who requested it" in house.post(ivy, f"/approvals/{asked}/grant").json()["detail"]


def test_whose_change_it_is_counts_whichever_commit_its_job_names_beside(house: House) -> None:
    """A job of a change runs on a trial merge, which is not the head that is approved."""
    head = "b" * 40
    house.send("change.proposed", repository=REPOSITORY, number=7, commit="a" * 40, head=head,
               author={"system": "pipeledger", "login": "bob"})  # fmt: skip
    asked = house.request(subjects=[{"kind": "commit", "commit": head}])
    assert "an author" in house.post(house.bob, f"/approvals/{asked}/grant").json()["detail"]


@pytest.mark.parametrize("name", ["Gus <gus@example.com>", "gus@build"])
def test_a_token_is_named_as_git_names_who_commits(house: House, name: str) -> None:
    """With a name before the address, or by an address of a host without a domain."""
    gus = command(house.server, "token", "create", "--role", "approver", "--name", name)
    sha = name.encode().hex()[-40:].zfill(40)
    author = name if "<" in name else f"Gus <{name}>"
    house.send("commit.pushed", repository=REPOSITORY, commit=sha, authors=[author])
    asked = house.request(subjects=[{"kind": "commit", "commit": sha}])
    assert "an author" in house.post(gus, f"/approvals/{asked}/grant").json()["detail"]


def test_a_token_that_is_named_by_an_address_is_whoever_commits_by_it(house: House) -> None:
    """Without a link; whatever the spelling of the address."""
    fay = command(
        house.server, "token", "create", "--role", "approver", "--name", "Fay@example.com"
    )
    house.send("commit.pushed", repository=REPOSITORY, commit="e" * 40,
               authors=[{"name": "Fay", "email": "fay@example.com"}])  # fmt: skip
    asked = house.request(subjects=[{"kind": "commit", "commit": "e" * 40}])
    assert "an author" in house.post(fay, f"/approvals/{asked}/grant").json()["detail"]


def test_linked_accounts_are_one_person_from_then_on(house: House) -> None:
    """Two operators link them; until they are told apart, neither approves for the other."""
    house.send(
        "commit.pushed", repository=REPOSITORY, commit="9" * 40,
        authors=[{"system": "code.example", "login": "cem-at-work", "email": "cem@example.com"}],
    )  # fmt: skip
    asked = {"subjects": [{"kind": "commit", "commit": "9" * 40}]}
    pair = {"person": "pipeledger/cem", "other": "cem@example.com", "reason": REASON}

    def together(step: str) -> None:
        proposed = house.post(house.server.token, f"/people/{step}", pair)
        assert proposed.status_code == 202, proposed.text
        confirmed = proposed.json()["confirm"].removeprefix("/v1/default")
        assert house.post(house.server.token, confirmed).status_code == 409
        assert house.post(house.dee, confirmed).status_code == 201

    before = house.request(**asked)
    together("link")
    refused = house.post(house.cem, f"/approvals/{before}/grant")
    assert (refused.status_code, "an author" in refused.json()["detail"]) == (409, True)
    assert house.post(house.dee, "/people/link", pair).status_code == 409
    together("unlink")
    assert house.post(house.cem, f"/approvals/{before}/grant").status_code == 201
    assert house.get(house.ann, f"/approvals/{before}")["state"] == "granted"
    together("link")
    standing = house.get(house.ann, f"/approvals/{before}")
    assert (standing["state"], standing["granted"]) == ("requested", 0)
    together("unlink")
    assert house.post(house.ann, "/people/link", pair).status_code == 403
    nobody = pair | {"other": "nobody@example.com"}
    assert house.post(house.dee, "/people/link", nobody).status_code == 404
    assert house.post(house.dee, "/people/link", pair | {"other": "per_0"}).status_code == 404


def test_roles_and_numbers_of_people_are_kept(house: House) -> None:
    """A role is a token's, as the ledger itself recorded it."""
    identity = house.request(roles=["security"], required=2)
    refused = house.post(house.bob, f"/approvals/{identity}/grant", {"role": "security"})
    assert (refused.status_code, "approve as security" in refused.json()["detail"]) == (409, True)
    first = house.post(house.cem, f"/approvals/{identity}/grant")
    assert (first.status_code, first.json()["state"]) == (201, "requested")
    assert house.data(first.json()["position"])["role"] == "security"
    assert house.get(house.ann, f"/approvals/{identity}")["missing_roles"] == []
    refused = house.post(house.cem, f"/approvals/{identity}/grant")
    assert "granted it before" in refused.json()["detail"]


def test_an_approval_is_of_the_digest_that_was_asked_for(house: House) -> None:
    """Who names another one grants nothing."""
    identity = house.request()
    other = {"subjects": [{"kind": "artifact", "digest": "sha256:" + "6" * 64}]}
    refused = house.post(house.bob, f"/approvals/{identity}/grant", other)
    assert (refused.status_code, refused.json()["place"]) == (400, "field subjects")
    assert house.get(house.bob, f"/approvals/{identity}")["state"] == "requested"
    same = {"subjects": [IMAGE]}
    assert house.post(house.bob, f"/approvals/{identity}/grant", same).status_code == 201


def test_what_was_rejected_or_withdrawn_is_granted_no_more(house: House) -> None:
    """It is asked for anew."""
    rejected = house.request()
    assert house.post(house.bob, f"/approvals/{rejected}/reject", {}).status_code == 400
    answer = house.post(house.bob, f"/approvals/{rejected}/reject", {"reason": REASON})
    assert (answer.status_code, answer.json()["state"]) == (201, "rejected")
    withdrawn = house.request()
    answer = house.post(house.ann, f"/approvals/{withdrawn}/withdraw")
    assert (answer.status_code, answer.json()["state"]) == (201, "withdrawn")
    for identity in (rejected, withdrawn):
        refused = house.post(house.cem, f"/approvals/{identity}/grant")
        assert "request another approval" in refused.json()["detail"]
    granted = house.request()
    house.post(house.bob, f"/approvals/{granted}/grant")
    assert house.post(house.bob, f"/approvals/{granted}/reject", {"reason": "x"}).status_code == 409
    assert house.post(house.cem, f"/approvals/{granted}/withdraw").status_code == 201
    assert house.post(house.bob, "/approvals/apr-none/grant").status_code == 404


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "field subjects"),
        ({"subjects": [{"kind": "moon", "digest": DIGEST}]}, "body subjects 0 kind"),
        ({"subjects": [{"kind": "commit", "digest": DIGEST}]}, "field subjects.0"),
        ({"subjects": [{"kind": "artifact", "digest": "latest"}]}, "body subjects 0 digest"),
        ({"subjects": [IMAGE], "required": 0}, "body required"),
        ({"subjects": [IMAGE], "valid_until": "tomorrow"}, "field valid_until"),
        ({"subjects": [IMAGE], "valid_until": "2020-01-01T00:00:00Z"}, "field valid_until"),
        ({"subjects": [IMAGE], "approver": "me"}, "body approver"),
        ({"subjects": [IMAGE], "environments": ["a\nb"]}, "field data.environments"),
    ],
)
def test_a_request_of_no_form_is_refused_with_its_field(
    house: House, body: dict[str, Any], place: str
) -> None:
    """And nothing is kept of it."""
    answer = house.post(house.ann, "/approvals", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["place"].startswith(place)


def test_an_emergency_goes_ahead_and_is_approved_afterwards_by_another(house: House) -> None:
    """A pipeline's own token declares none; what is approved is what was declared."""
    wanted = {"subjects": [IMAGE], "environments": ["production"], "incident": "INC-7",
              "reason": REASON}  # fmt: skip
    assert house.post(house.ann, "/emergencies", wanted).status_code == 403
    answer = house.post(house.bob, "/emergencies", wanted)
    assert answer.status_code == 201, answer.text
    emergency = answer.json()["emergency"]
    until = datetime.fromisoformat(house.data(answer.json()["position"])["approve_until"])
    wait = until - datetime.now(UTC)
    assert timedelta(hours=71) < wait < timedelta(hours=73)
    identity = house.request(emergency=emergency, subjects=None)
    refused = house.post(house.bob, f"/approvals/{identity}/grant")
    assert "declared the emergency" in refused.json()["detail"]
    assert house.post(house.cem, f"/approvals/{identity}/grant").status_code == 201
    tables = house.get(house.eve, "/emergencies?environment=production")["tables"]
    (row,) = [one for one in tables["emergencies"] if one["emergency"] == emergency]
    assert (row["subjects"], row["incident"]) == ([f"artifact {DIGEST}"], "INC-7")
    rows = house.get(house.eve, "/approvals")["tables"]["approvals"]
    assert [one["state"] for one in rows if one["emergency"] == emergency] == ["granted"]
    elsewhere = {"emergency": emergency, "environments": ["staging"]}
    assert house.post(house.ann, "/approvals", elsewhere).json()["place"] == "field environments"
    unknown = {"emergency": "emg-none"}
    assert house.post(house.ann, "/approvals", unknown).status_code == 404


def test_a_waiver_takes_two_operators_and_ends(house: House) -> None:
    """Proposed by one, confirmed by the other, revoked by either."""
    soon = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    wanted = {"controls": ["VUL-01"], "services": ["shop"], "expires": soon, "reason": REASON}
    assert house.post(house.bob, "/waivers", wanted).status_code == 403
    late = (datetime.now(UTC) + timedelta(days=3650)).isoformat()
    refused = house.post(house.dee, "/waivers", wanted | {"expires": late})
    assert (refused.status_code, refused.json()["place"]) == (400, "field expires")
    proposed = house.post(house.dee, "/waivers", wanted)
    assert proposed.status_code == 202
    identity = proposed.json()["waiver"]
    assert house.get(house.eve, "/waivers")["tables"]["waivers"] == []
    confirm = proposed.json()["confirm"].removeprefix("/v1/default")
    assert house.post(house.dee, confirm).status_code == 409
    done = house.post(house.server.token, confirm)
    assert (done.status_code, done.json()["waiver"]) == (201, identity)
    (row,) = house.get(house.eve, "/waivers?service=shop")["tables"]["waivers"]
    assert (row["waiver"], row["controls"]) == (identity, ["VUL-01"])
    assert row["requester"] != row["approver"]
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert len(house.get(house.eve, f"/waivers?at={at}")["tables"]["waivers"]) == 1
    gone = house.post(house.dee, f"/waivers/{identity}/revoke", {"reason": "Fixed"})
    assert gone.status_code == 201
    assert house.post(house.dee, f"/waivers/{identity}/revoke", {"reason": "x"}).status_code == 409
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert house.get(house.eve, f"/waivers?at={at}")["tables"]["waivers"] == []


def test_the_interface_is_described(house: House) -> None:
    """Bodies, and how a command is refused."""
    with house.server.http() as http:
        paths = http.get(f"{house.server.url}/openapi.json").json()["paths"]
    grant = paths["/v1/{ledger}/approvals/{identity}/grant"]["post"]
    assert {"201", "400", "403", "404", "409"} <= set(grant["responses"])
    waive = paths["/v1/{ledger}/waivers"]["post"]
    assert "202" in waive["responses"]
    assert waive["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "NewWaiver"
    )


def test_what_was_decided_is_sound_and_names_nobody(house: House) -> None:
    """By the ledger's own check; names and words stand in no entry."""
    identity = house.request(reason=REASON, authors=[{"login": f"{CANARY}-at-home"}])
    house.post(house.bob, f"/approvals/{identity}/grant", {"reason": REASON})
    house.check()
