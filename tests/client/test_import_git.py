"""What a git repository tells comes in once, whole, and as told later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.errors import UsageError
from pipeledger.history.events import trailers_of
from pipeledger.history.repository import Repository
from tests.client.gitted import ANNA, BEN, Gitted
from tests.client.listening import Listening, Reply, Request
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Command

ADDRESS = "https://code.example/acme/shop"


@pytest.fixture
def shop(tmp_path: Path) -> Gitted:
    """A repository with a merge, a cherry-pick, helpers, trailers and tags."""
    shop = Gitted(tmp_path / "shop")
    shop.git("remote", "add", "origin", "https://user:secret@code.example/acme/shop.git")
    shop.commit("first", "a.txt")
    shop.git("checkout", "-q", "-b", "side")
    picked = shop.commit(
        "side work\n\nWhy it is.\n\n"
        "Co-authored-by: Cleo Fox <cleo@example.org>\nRefs: T-1\nRefs: T-2",
        "b.txt",
    )
    shop.git("checkout", "-q", "main")
    shop.commit("main work", "a.txt", author=BEN)
    shop.git("cherry-pick", "-x", picked)
    shop.git("tag", "plain-1")
    shop.merge("side")
    shop.git("tag", "-a", "v1.0", "-m", "the first one")
    shop.commit("nothing in it")
    return shop


def _data(ledger: Listening) -> list[dict[str, Any]]:
    return [json.loads(body)["data"] for body in ledger.kept]


def _import(command: Command, shop: Gitted, *words: str, status: int = 0) -> str:
    done = command("import", "git", shop.folder, *words, status=status,
                   changes={"PIPELEDGER_SOURCE": ""})  # fmt: skip
    return done.stdout + done.stderr


def test_every_commit_comes_once_parents_first(
    command: Command, ledger: Listening, shop: Gitted
) -> None:
    """In an order in which each commit's parents are there already."""
    assert "6 events recorded, 0 were there already" in _import(command, shop)
    commits = [one["commit"] for one in _data(ledger)]
    assert sorted(commits) == sorted(shop.git("rev-list", "--all").split())
    for one in _data(ledger):
        assert all(
            commits.index(parent) < commits.index(one["commit"])
            for parent in one.get("parents", [])
        )
    said = [json.loads(body) for body in ledger.kept]
    assert {one["source"] for one in said} == {ADDRESS}
    assert all(one["pipeledgerimported"] is True for one in said)
    assert "secret" not in b"".join(ledger.kept).decode()


def test_a_commit_tells_its_people_times_trailers_and_patch(
    command: Command, ledger: Listening, shop: Gitted
) -> None:
    """As git has them; the same patch on another parent has the same patch id."""
    _import(command, shop, "--service", "shop")
    by_title: dict[str, list[dict[str, Any]]] = {}
    for one in _data(ledger):
        by_title.setdefault(one["message"].splitlines()[0], []).append(one)
    side, again = sorted(by_title["side work"], key=lambda one: "cherry_picked_from" in one)
    assert side["authors"] == [{"system": "git", "name": ANNA[0], "email": ANNA[1]}]
    assert side["committer"]["email"] == BEN[1]
    assert side["co_authors"] == [
        {"system": "git", "name": "Cleo Fox", "email": "cleo@example.org"}
    ]
    assert side["trailers"] == {"Refs": "T-1\nT-2"}
    assert side["committed_at"].endswith("+02:00")
    assert side["patch_id"] == again["patch_id"]
    assert again["cherry_picked_from"] == side["commit"]
    assert "cherry_picked_from" not in side
    (merge,) = by_title["Merge side"]
    assert len(merge["parents"]) == 2
    assert "patch_id" not in merge
    (empty,) = by_title["nothing in it"]
    assert "patch_id" not in empty
    assert {one["service"] for one in _data(ledger)} == {"shop"}


def test_tags_that_fit_are_deployments(command: Command, ledger: Listening, shop: Gitted) -> None:
    """By a pattern and for a service that whoever imports names."""
    _import(command, shop, "--service", "shop", "--production-tags", "v*")
    (deployed,) = [one for one in _data(ledger) if "deployment" in one]
    assert (deployed["deployment"], deployed["environment"]) == ("v1.0", "production")
    assert deployed["commit"] == shop.git("rev-list", "-n", "1", "v1.0")
    assert deployed["actor"]["email"] == BEN[1]
    assert deployed["time_from"] == "tag"
    command("import", "git", shop.folder, "--production-tags", "v*", status=2)


def test_a_second_time_only_what_is_new_is_sent(
    command: Command, ledger: Listening, shop: Gitted
) -> None:
    """And without what the client remembers, the ledger knows what it has."""
    _import(command, shop)
    before = len(ledger.requests)
    assert "0 events recorded, 0 were there already" in _import(command, shop)
    assert len(ledger.requests) == before
    new = shop.commit("one more", "a.txt")
    assert "1 events recorded" in _import(command, shop)
    assert _data(ledger)[-1]["commit"] == new
    for file in (command.home / ".local/state/pipeledger/imports").iterdir():
        file.unlink()
    assert "0 events recorded, 7 were there already" in _import(command, shop)


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """Only what was not answered for is sent again, and what came meanwhile is sent too."""
    shop = Gitted(tmp_path / "long")
    for number in range(620):
        shop.git("commit", "-q", "--allow-empty", "-m", f"c{number}")
    taken: list[Request] = []

    def once(request: Request) -> Reply | None:
        taken.append(request)
        return None if len(taken) == 1 else Reply(400, b'{"detail":"enough"}')

    ledger.behave = once
    assert "enough" in _import(command, shop, "--address", ADDRESS, status=1)
    assert len(ledger.kept) == 500
    shop.commit("meanwhile", "a.txt")
    ledger.behave = lambda _: None
    assert "121 events recorded, 0 were there already" in _import(
        command, shop, "--address", ADDRESS
    )
    assert len(set(ledger.ids)) == len(ledger.kept) == 621


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing",), "cannot change to"),
        ((".",), "not a git repository"),
    ],
)
def test_what_is_no_repository_is_refused_in_one_line(
    command: Command, words: tuple[str, ...], said: str
) -> None:
    """Exit 2."""
    done = command("import", "git", *words, status=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_shallow_clone_is_refused(command: Command, shop: Gitted, tmp_path: Path) -> None:
    """A part of the history would look like the whole of it."""
    shop.git("clone", "-q", "--depth", "1", f"file://{shop.folder}", str(tmp_path / "shallow"))
    done = command("import", "git", tmp_path / "shallow", status=2)
    assert "shallow" in done.stderr


def test_a_repository_cannot_make_git_run_anything(
    command: Command, ledger: Listening, shop: Gitted, tmp_path: Path
) -> None:
    """Its settings and attributes may name programs."""
    bait = tmp_path / "ran"
    (shop.folder / ".gitattributes").write_text("* diff=bait\n")
    shop.commit("attributes", "a.txt")
    inner = Gitted(shop.folder / "inner")
    for text in ("one", "two"):
        inner.commit(text, "a.txt")
        shop.commit(text)
    (inner.folder / ".gitattributes").write_text("* diff=bait\n")
    for repository in (shop, inner):
        for key in ("core.fsmonitor", "diff.external", "diff.bait.textconv", "diff.bait.command",
                    "core.pager"):  # fmt: skip
            repository.git("config", key, f"touch {bait}; cat")
    shop.git("config", "diff.submodule", "diff")
    _import(command, shop)
    assert not bait.exists()
    assert len(ledger.kept) == 9


def test_a_partial_clone_is_refused(command: Command, shop: Gitted, tmp_path: Path) -> None:
    """What is missing would be fetched by a command that the repository names."""
    bait = tmp_path / "ran"
    blob = shop.git("rev-parse", "HEAD:b.txt")
    (shop.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    told = {"extensions.partialClone": "origin", "remote.origin.promisor": "true",
            "remote.origin.url": "ssh://h/p",
            "core.sshCommand": f"touch {bait}; false"}  # fmt: skip
    before = Repository(shop.folder)
    tips = before.tips()
    for key, value in told.items():
        shop.git("config", key, value)
    with pytest.raises(UsageError, match="git says"):
        list(before.commits(tips, []))  # it became one after it was looked at
    assert not bait.exists()
    assert "partial clone" in _import(command, shop, status=2)
    assert not bait.exists()


def test_settings_change_no_patch_id(shop: Gitted) -> None:
    """The same patch has the same id on every machine."""

    def ids() -> list[str]:
        repository = Repository(shop.folder)
        return [one.patch_id for one in repository.commits(repository.tips(), [])]

    inner = Gitted(shop.folder / "inner")
    for text in ("one", "two"):
        inner.commit(text, "a.txt")
        shop.commit(text, "a.txt")
    before = ids()
    for line in (
        "color.ui always", "diff.context 0", "diff.interHunkContext 9", "log.showRoot false",
        "diff.submodule log", "diff.ignoreSubmodules all", "diff.noprefix true",
        "diff.suppressBlankEmpty true", "diff.relative true", "diff.algorithm patience",
    ):  # fmt: skip
        shop.git("config", *line.split())
        assert ids() == before, line


def test_a_name_may_hold_what_ends_lines_elsewhere(shop: Gitted) -> None:
    """Only a line feed ends a line of git."""
    stream = "tag odd\nfrom v1.0^{}\ntagger A\u2028B <a@b> 1700000000 +0000\ndata 1\nx\n"
    shop.git("fast-import", "--quiet", "--force", stdin=stream.encode())
    tagger = {one.name: one.tagger for one in Repository(shop.folder).tags()}["odd"]
    assert tagger == ("A\u2028B", "a@b")
    assert trailers_of("title\n\nRefs: A\u2028B\nRefs: C") == [("Refs", "A\u2028B"), ("Refs", "C")]


def test_odd_commits_come_in_too(command: Command, tmp_path: Path) -> None:
    """Zones that no clock has, names in another encoding, no name, a message of nothing."""
    shop = Gitted(tmp_path / "odd")
    shop.commit("zone", "a.txt", zone="+9959")
    stream = (
        b"commit refs/heads/odd\ncommitter \xc5sa \xff <> 1700000000 +0000\ndata 0\n"
        b"commit refs/heads/odd\ncommitter  <x> 1700000060 -0330\ndata 5\na\x01b\xff\n\n"
    )
    (shop.folder / "stream").write_bytes(stream)
    shop.git("fast-import", "--quiet", "--import-marks-if-exists=x", stdin=stream)
    assert "3 events recorded" in _import(command, shop, "--address", ADDRESS)


def test_the_ledger_keeps_it_as_imported_and_names_nobody(tmp_path: Path, shop: Gitted) -> None:
    """The whole way: the entry's assurance, its stream, and people as opaque ids."""
    from tests.client.conftest import Command  # noqa: PLC0415 - a helper, not its fixtures

    (tmp_path / "home").mkdir()
    with serving(tmp_path / "data") as server, server.http() as http:
        command = Command(tmp_path / "home", server.url)
        command.environment["PIPELEDGER_TOKEN"] = server.token
        assert "7 events recorded" in _import(
            command, shop, "--service", "shop", "--production-tags", "v*"
        )
        commit = shop.git("rev-parse", "v1.0^{commit}")
        (entry,) = http.get("/entries", params={"stream": f"commit/{commit}"}).json()["entries"]
        assert entry["assurance"] == "imported"
        page = http.get("/entries", params={"limit": 1000}).text
        assert all(name not in page for name in ("Anna", "anna@", "Cleo", "ben@", "side work"))
