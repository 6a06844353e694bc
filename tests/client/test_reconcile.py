"""What the code host has and what the ledger has are compared, both ways.

Long since both code hosts are spoken for here.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pipeledger.codehost import api as codehost_api
from pipeledger.codehost.api import HostApi
from pipeledger.errors import UnseenError, UsageError
from tests.client.codehosts import (
    BEFORE,
    INSIDE,
    PEOPLE,
    SINCE,
    UNTIL,
    CodeHost,
    code_host,
    deployment,
    github,
    gitlab,
    pull,
    release,
    sha,
)
from tests.client.listening import Reply, listening
from tests.serving import PLAIN, Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.conftest import Command

HOST_TOKEN = "ghs_0123456789-very-secret"
WINDOW = ("--since", SINCE, "--until", UNTIL)
CLOUD_EVENT = {"Content-Type": "application/cloudevents+json"}
LIMITED = {"x-ratelimit-remaining": "0"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One ledger for the module; each test has a repository of its own."""
    with serving(tmp_path_factory.mktemp("reconcile") / "data") as running:
        yield running


class Side:
    """The ledger's side of one repository."""

    def __init__(self, server: Running, repository: str) -> None:
        self.server = server
        self.repository = repository

    def send(self, kind: str, identity: str, at: str = INSIDE, **data: Any) -> None:  # noqa: ANN401 - JSON
        """Send an event about it."""
        event = {
            "specversion": "1.0", "id": identity, "source": self.repository,
            "type": f"pipeledger.{kind}.v1", "time": at,
            "data": {"repository": self.repository, **data},
        }  # fmt: skip
        with self.server.http() as http:
            answer = http.post("/events", json=event, headers=CLOUD_EVENT)
        assert answer.status_code == 201, answer.text

    def commits(self, *shas: str) -> None:
        """Send that these were pushed."""
        lines = [
            json.dumps({
                "specversion": "1.0", "id": f"commit-{one}", "source": self.repository,
                "type": "pipeledger.commit.pushed.v1", "time": INSIDE,
                "data": {"repository": self.repository, "commit": one},
            })
            for one in shas
        ]  # fmt: skip
        with self.server.http() as http:
            answer = http.post("/events", content="\n".join(lines),
                               headers={"Content-Type": "application/x-ndjson"})  # fmt: skip
        assert answer.status_code == 201, answer.text


class Reconcile:
    """Runs the command against a code host and the ledger."""

    def __init__(self, command: Command, server: Running) -> None:
        self._command = command
        self._server = server
        self.said = ""

    def __call__(
        self, system: str, host: CodeHost, *words: str, status: int = 0, sent: bool = True
    ) -> dict[str, Any]:
        """Compare; the data of the event that was recorded, if one was."""
        changes = {
            "PIPELEDGER_URL": self._server.url, "PIPELEDGER_TOKEN": self._server.token,
            f"{system.upper()}_TOKEN": HOST_TOKEN,
        }  # fmt: skip
        before = self._recorded()
        done = self._command(
            "reconcile", system, *WINDOW, "--repository", host.address, "--api", host.url, *words,
            status=status, changes=changes,
        )  # fmt: skip
        self.said = done.stdout + done.stderr
        assert HOST_TOKEN not in self.said
        found = self._recorded()[len(before) :]
        assert len(found) == (1 if sent else 0)
        if not sent:
            return {}
        with self._server.http() as http:
            event = json.dumps(http.get(f"/entries/{found[0]}").json()["event"])
        assert PEOPLE not in event
        assert HOST_TOKEN not in event
        data: dict[str, Any] = json.loads(event)["data"]
        return data

    def _recorded(self) -> list[int]:
        with self._server.http() as http:
            rows = http.get("/entries?type=pipeledger.reconciliation.finished").json()["entries"]
        return [row["position"] for row in rows]


@pytest.fixture
def reconcile(command: Command, server: Running) -> Reconcile:
    """The command, speaking to the ledger."""
    return Reconcile(command, server)


def missing(data: dict[str, Any], side: str) -> list[tuple[str, str]]:
    """Kind and id of what one side has not."""
    return [(one["kind"], one["id"]) for one in data["differences"] if one["missing_in"] == side]


def test_two_sides_that_agree_have_no_difference(server: Running, reconcile: Reconcile) -> None:
    """All pages are read; what is outside of the window, a draft or not merged is no part of it."""
    commits = [sha(number) for number in range(1, 251)]
    with code_host(github("acme/agree", HOST_TOKEN)) as host:
        side = Side(server, host.address)
        side.commits(*commits)
        side.send("change.merged", "m-7", number=7, commit=sha(7))
        side.send("deployment.finished", "d-1", deployment="dep-x", service="shop",
                  environment="production", outcome="success", commit=sha(7))  # fmt: skip
        side.send("release.created", "r-1", service="shop", version="v1.4.0", at=BEFORE)
        host.lists = {
            "commits": [{"sha": one} for one in commits],
            "pulls": [pull(8, sha(8), None), pull(7, sha(7)), pull(6, sha(6), BEFORE)],
            "deployments": [deployment(41, sha(7)), deployment(40, sha(6), BEFORE)],
            "releases": [release("v1.4.0"), release("v2", draft=True), release("v1", BEFORE)],
        }
        data = reconcile("github", host)
        assert [one["page"][0] for one in host.asked("/commits")[1:]] == ["2", "3"]
        assert host.asked("/commits")[0] == {
            "sha": ["main"], "since": [SINCE], "until": [UNTIL], "per_page": ["100"],
        }  # fmt: skip
        assert host.listening.requests[0].headers["x-github-api-version"] == "2022-11-28"
    assert data | {"evidence": "", "time_basis": ""} == {
        "evidence": "", "time_basis": "", "system": "github", "repository": host.address,
        "since": SINCE, "until": UNTIL, "population": 253, "matched": 253, "unexplained": 0,
        "missing_in_ledger": 0, "missing_in_source": 0, "differences": [],
        "counts": {"change": 1, "commit": 250, "deployment": 1, "release": 1},
    }  # fmt: skip
    assert "250: all in both" in reconcile.said


def test_what_the_ledger_never_heard_of_is_named(server: Running, reconcile: Reconcile) -> None:
    """Of each kind, by number, object id, deployment and version; exit 1."""
    with code_host(github("acme/missing", HOST_TOKEN)) as host:
        side = Side(server, host.address)
        side.commits(sha(1001))
        # The same commit in another environment is another deployment.
        side.send("deployment.finished", "d-2", deployment="d", service="shop",
                  environment="staging", outcome="success", commit=sha(1001))  # fmt: skip
        # A commit that was pushed is no change that was merged.
        host.lists = {
            "commits": [{"sha": sha(1001)}, {"sha": sha(1002)}],
            "pulls": [pull(9, sha(1001))],
            "deployments": [deployment(51, sha(1001))],
            "releases": [release("v9")],
        }
        data = reconcile("github", host, status=1)
    assert missing(data, "ledger") == [
        ("change", "9"), ("commit", sha(1002)), ("deployment", "51"), ("release", "v9"),
    ]  # fmt: skip
    assert (data["population"], data["matched"], data["unexplained"]) == (5, 1, 4)
    assert "the ledger has not: change 9" in reconcile.said


def test_what_only_the_ledger_has_is_asked_for_before_it_counts(
    server: Running, reconcile: Reconcile
) -> None:
    """It may have happened at another time there; what was not merged, or is gone, is missing."""
    with code_host(github("acme/invented", HOST_TOKEN)) as host:
        side = Side(server, host.address)
        for number in (21, 22, 23, 24):
            at = BEFORE if number == 24 else INSIDE
            side.send("change.merged", f"m-{number}", at, number=number, commit=sha(number))
        side.send("release.created", "r-2", service="shop", version="v7")
        # By whatever means it was deployed, the code host need not know.
        side.send("deployment.finished", "d-3", deployment="77", service="shop",
                  environment="production", outcome="success", commit=sha(21))  # fmt: skip
        host.ones |= {"pulls/21": pull(21, sha(21), BEFORE), "pulls/22": pull(22, sha(22), None)}
        data = reconcile("github", host, status=1)
    assert missing(data, "source") == [("change", "22"), ("change", "23"), ("release", "v7")]
    assert missing(data, "ledger") == []
    assert (data["population"], data["matched"]) == (3, 0)


def test_deliveries_of_the_code_host_itself_are_matched_by_their_ids(
    server: Running, reconcile: Reconcile
) -> None:
    """The whole way: webhook, ledger, API; a deployment that is gone there is a difference."""
    with server.http() as http:
        made = http.post("/sources", json={"kind": "github", "name": "hub"}).json()
    repository = {"name": "hooked", "html_url": "https://code.example/acme/hooked",
                  "node_id": "R_9"}  # fmt: skip
    for number in (61, 62):
        body = json.dumps({
            "action": "created",
            "deployment": {"id": number, "sha": sha(60 + number), "environment": "prod",
                           "created_at": INSIDE, "creator": {"login": PEOPLE}},
            "repository": repository, "sender": {"login": PEOPLE, "node_id": "U_1"},
        }).encode()  # fmt: skip
        digest = hmac.new(made["secret"].encode(), body, "sha256").hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
        assert (
            httpx.post(made["url"], content=body, headers=headers, verify=PLAIN).status_code == 201
        )
    with code_host(github("acme/hooked", HOST_TOKEN)) as host:
        # Another environment and commit by name, so that nothing but the id can match.
        host.lists["deployments"] = [deployment(61, sha(1))]
        data = reconcile("github", host, status=1)
    assert missing(data, "source") == [("deployment", "62")]
    assert (data["matched"], missing(data, "ledger")) == (1, [])


def test_a_repository_that_bears_a_person_s_name_is_found_under_the_person_s_id(
    server: Running, reconcile: Reconcile
) -> None:
    """The ledger keeps no login, so its address there is another; both directions work."""
    with code_host(github(f"{PEOPLE}/own", HOST_TOKEN)) as host:
        side = Side(server, host.address)
        who = {"login": PEOPLE}
        side.send("change.merged", "p-1", number=31, commit=sha(31), author=who)
        side.send("change.merged", "p-2", number=32, commit=sha(32), author=who)
        host.lists["pulls"] = [pull(31, sha(31))]
        with server.http() as http:
            tags = http.get(f"/entries?tag=commit:{sha(31)}").json()["entries"][0]["tags"]
        assert f"repository:{host.address}" not in tags
        changes = {"PIPELEDGER_URL": server.url, "PIPELEDGER_TOKEN": server.token,
                   "GITHUB_TOKEN": HOST_TOKEN}  # fmt: skip
        words = ("reconcile", "github", *WINDOW, "--repository", host.address, "--api", host.url)
        done = reconcile._command(*words, "--json", status=1, changes=changes)
    found = json.loads(done.stdout)
    assert (found["matched"], missing(found, "source")) == (1, [("change", "32")])


def test_gitlab_is_compared_by_its_own_words(server: Running, reconcile: Reconcile) -> None:
    """Merge requests, deployments that began, releases by the time they were released."""
    merge = {"state": "merged", "merged_at": INSIDE, "author": {"username": PEOPLE}}
    environment = {"environment": {"name": "production"}, "created_at": INSIDE}
    with code_host(gitlab("acme/group/shop", HOST_TOKEN)) as host:
        side = Side(server, host.address)
        side.commits(sha(2001))
        side.send("change.merged", "g-1", number=4, commit=sha(2001))
        side.send("deployment.finished", "g-2", deployment="d", service="shop",
                  environment="production", outcome="success", commit=sha(2001))  # fmt: skip
        side.send("change.merged", "g-3", number=6, commit=sha(2006))
        host.lists = {
            "merge_requests": [
                merge | {"iid": 4, "merge_commit_sha": None, "squash_commit_sha": sha(2001),
                         "sha": sha(2000)},
                merge | {"iid": 5, "merge_commit_sha": sha(2005)},
                merge | {"iid": 3, "merge_commit_sha": sha(2003), "merged_at": BEFORE},
            ],
            "repository/commits": [{"id": sha(2001), "author_email": f"{PEOPLE}@acme.example"}],
            "deployments": [
                environment | {"id": 91, "status": "success", "sha": sha(2001)},
                environment | {"id": 92, "status": "blocked", "sha": sha(2002)},
                environment | {"id": 93, "status": "failed", "sha": sha(2002)},
            ],
            "releases": [{"tag_name": "v3", "released_at": INSIDE, "commit": {"id": sha(2001)}},
                         {"tag_name": "v4", "released_at": "2027-01-01T00:00:00Z",
                          "upcoming_release": True, "commit": {"id": sha(2001)}}],
        }  # fmt: skip
        data = reconcile("gitlab", host, status=1)
        assert "/projects/acme%2Fgroup%2Fshop" in host.listening.requests[0].path
        assert host.asked("/deployments")[0]["order_by"] == ["updated_at"]
    assert missing(data, "ledger") == [("change", "5"), ("deployment", "93"), ("release", "v3")]
    assert missing(data, "source") == [("change", "6")]
    assert data["system"] == "gitlab"


def test_what_was_not_compared_is_not_said_to_be_equal(
    server: Running, reconcile: Reconcile
) -> None:
    """`--only` leaves kinds out, and the counts show which were compared."""
    with code_host(github("acme/only", HOST_TOKEN)) as host:
        Side(server, host.address).send("release.created", "o-1", service="shop", version="v1")
        data = reconcile("github", host, "--only", "changes,commits", "--branch", "trunk")
        assert data["counts"] == {"change": 0, "commit": 0}
        assert host.asked("/releases") == []
        assert host.asked("/commits")[0]["sha"] == ["trunk"]


def test_an_empty_repository_has_no_commits(reconcile: Reconcile) -> None:
    """GitHub says 409 there, which is an answer."""
    with code_host(github("acme/empty", HOST_TOKEN)) as host:
        host.replies = {"commits": [Reply(409, b'{"message":"Git Repository is empty."}')]}
        assert reconcile("github", host)["population"] == 0


@pytest.mark.parametrize(
    ("path", "reply", "said"),
    [
        ("", Reply(404, b'{"message":"Not Found"}'), "no such repository"),
        ("pulls", Reply(403, b'{"message":"Resource not accessible by integration"}'),
         "pulls: status 403 (Resource not accessible by integration)"),
        ("commits", Reply(401, f'{{"message":"Bad {HOST_TOKEN}"}}'.encode()), "401 (Bad ***"),
        ("deployments", Reply(200, b"<html>"), "what answered is not the API"),
        ("deployments", Reply(200, b'{"message":"x"}'), "what answered is not the API"),
        ("releases", Reply(301, headers={"Location": "http://127.0.0.1:1/"}), "redirects"),
        ("releases", Reply(429, headers={"Retry-After": "3600"}), "try again in 3600 s"),
        ("releases", Reply(403, headers={**LIMITED, "x-ratelimit-reset": "99999999999"}),
         "too many requests"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_no_agreement(
    reconcile: Reconcile, path: str, reply: Reply, said: str
) -> None:
    """Exit 2 with the reason; nothing is recorded."""
    with code_host(github("acme/refused", HOST_TOKEN)) as host:
        host.replies = {path: [reply] * 4}
        reconcile("github", host, status=2, sent=False)
    assert said in reconcile.said


def test_a_limit_that_passes_soon_is_waited_for(reconcile: Reconcile) -> None:
    """429 and 403, as each host says it."""
    with code_host(github("acme/limited", HOST_TOKEN)) as host:
        host.replies = {
            "pulls": [Reply(429, headers={"Retry-After": "0"})],
            "commits": [Reply(403, headers={"Retry-After": "0", **LIMITED})],
        }
        reconcile("github", host)
        assert len(host.asked("/pulls")) == 2


def test_a_ledger_that_is_away_is_no_agreement(command: Command) -> None:
    """Exit 2: nothing was compared, and nothing waits in the spool."""
    with code_host(github("acme/away", HOST_TOKEN)) as host:
        changes = {"PIPELEDGER_URL": "http://127.0.0.1:1", "GITHUB_TOKEN": HOST_TOKEN}
        words = ("reconcile", "github", *WINDOW, "--repository", host.address, "--api", host.url)
        assert "127.0.0.1:1" in command(*words, status=2, changes=changes).stderr
    assert command.waiting() == []


def test_the_job_says_which_repository(command: Command, server: Running) -> None:
    """In a CI job no address is needed."""
    with code_host(github("acme/job", HOST_TOKEN)) as host:
        changes = {
            "PIPELEDGER_URL": server.url, "PIPELEDGER_TOKEN": server.token,
            "GITHUB_TOKEN": HOST_TOKEN, "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://code.example", "GITHUB_REPOSITORY": "acme/job",
        }  # fmt: skip
        done = command("reconcile", "github", "--since", "7d", "--api", host.url, changes=changes)
    assert "https://code.example/acme/job" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--since", "2026-02-30T00:00:00Z"),
        ("--since", "2026-01-02T00:00:00Z", "--until", "2026-01-01T00:00:00Z"),
        ("--since", "7d", "--only", "issues"),
        ("--since", "7d", "--repository", "acme/shop"),
        ("--since", "7d", "--api", "http://code.example/api"),
    ],
)
def test_wrong_words_are_refused_before_anybody_is_asked(
    command: Command, words: tuple[str, ...]
) -> None:
    """Exit 2; so is an address to which the token would travel in clear."""
    given = ("--repository", "https://code.example/acme/shop", *words)
    command("reconcile", "github", *given, status=2, changes={"GITHUB_TOKEN": HOST_TOKEN})


def test_waiting_has_an_end_and_the_hosts_own_times_are_kept() -> None:
    """Seconds as told, epochs against the clock, a minute where nothing is told."""
    answers = [
        Reply(429, headers={"Retry-After": "7"}),
        Reply(403, headers={**LIMITED, "x-ratelimit-reset": "1030"}),
        Reply(500), Reply(200, b'{"a":1}'),
        Reply(429, headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "1005"}),
        Reply(429), Reply(429),
    ]  # fmt: skip
    pauses: list[float] = []
    with listening() as host:
        host.behave = lambda _: answers.pop(0)
        asked = HostApi(host.url, "t" * 10, 5, {}, pause=pauses.append, clock=lambda: 1000.0)
        assert asked.one("x") == {"a": 1}
        with pytest.raises(UnseenError, match="try again in 60 s"):
            asked.one("x")
    assert pauses == [7, 31, pytest.approx(0.8), 6, 60]


def test_pages_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that always knows another page is not followed for ever."""
    monkeypatch.setattr(codehost_api, "MAX_PAGES", 5)
    with listening() as host:
        host.behave = lambda _: Reply(200, b"[{}]", {"Link": '</x?page=1>; rel="next"'})
        with pytest.raises(UnseenError, match="more than 5 pages"):
            list(HostApi(host.url, "", 5, {}).rows("x", {}))
        assert len(host.requests) == 5


def test_a_token_does_not_travel_in_clear() -> None:
    """Only to this machine itself."""
    with pytest.raises(UsageError, match="without https"):
        HostApi("http://code.example", "secret-token", 5, {})
    HostApi("http://127.0.0.1:1", "secret-token", 5, {})
    HostApi("http://code.example", "", 5, {})


def test_every_commit_is_looked_up_only_where_the_repository_s_list_has_it_not(
    command: Command, server: Running
) -> None:
    """One imported under another address is found by its object id."""
    with code_host(github("acme/moved", HOST_TOKEN)) as host:
        Side(server, "https://old.example/acme/moved").commits(sha(3001))
        Side(server, host.address).commits(sha(3002))
        host.lists["commits"] = [{"sha": sha(3001)}, {"sha": sha(3002)}]
        changes = {"PIPELEDGER_URL": server.url, "PIPELEDGER_TOKEN": server.token,
                   "GITHUB_TOKEN": HOST_TOKEN}  # fmt: skip
        words = ("reconcile", "github", *WINDOW, "--repository", host.address, "--api", host.url)
        command(*words, status=0, changes=changes)
