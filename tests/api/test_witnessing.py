"""A ledger whose checkpoints are cosigned: in the background, or before anybody is answered.

Long since both ways share their witnesses.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from api.app import make_app
from api.cli import cli
from api.granting import Granting
from api.host import Host, Settings, now
from api.witness import registering, rounds
from domain.errors import SettingError, UnavailableError
from domain.instant import write_time
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.cosignature import cosignatures_of
from domain.log.policy import Policy
from domain.log.proof import TlogProof
from domain.log.witness import Submission
from pipeledger.commands.verify import main as verify
from store.ledger.keys import LedgerKeys
from store.ledger.ledger import SERVER
from store.ledger.observer import Unobserved
from store.ledger.opening import examine
from store.ledger.reader import Filter
from tests.serving import PLAIN, event
from tests.witnessing import Witness, listening, witnessing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.served import Served
    from api.telemetry.journey import Journey
    from store.postgres.database import Database

WITNESSED = Filter(types=("pipeledger.checkpoint.witnessed",))


class Place:
    """A server's data with one ledger, opened and closed as often as one likes."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.settings = Settings(folder / "data", database.conninfo)
        self.database = database
        with Host(self.settings) as host:
            host.create("default", "ledger.example/witnessed")
            self.vkey = host.log_vkey("default")
            self.place = host.place("default")

    @contextlib.contextmanager
    def opened(self, **more: bool) -> Iterator[Served]:
        """The ledger."""
        with Host(replace(self.settings, **more)) as host:  # type: ignore[arg-type]
            one = host.open("default")
            try:
                yield one
            finally:
                one.close()

    def register(self, *witnesses: Witness, quorum: str = "all") -> None:
        """Have the ledger witnessed by these."""
        addresses = [one.address for one in witnesses]
        registering.write(self.place, self.vkey, addresses, quorum)

    def sound(self) -> bool:
        """Whether `fsck` finds nothing."""
        with Host(self.settings) as host:
            found = examine(
                "default", host.origin("default"), self.place, host.surroundings("default")
            )
            assert [str(one) for one in found] == []
        return True


@pytest.fixture
def home(tmp_path: Path, ledger_database: Database) -> Place:
    """A ledger without witnesses."""
    return Place(tmp_path, ledger_database)


@contextlib.contextmanager
def client_of(here: Served) -> Iterator[httpx.Client]:
    """Speaks to an application over the ledger, as its operator."""
    token = Granting(here, SERVER, now(), os.urandom).token("operator", "operator")
    headers = {"Authorization": f"Bearer {token}"}
    with (
        listening(make_app({"default": here}, os.urandom, now)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=60, verify=PLAIN) as client,
    ):
        yield client


def witnessed(here: Served) -> list[dict[str, object]]:
    """What the ledger says of its witnesses."""
    reader = here.ledger.reader
    rows = reader.entries(here.ledger.published.size, WITNESSED)
    bodies = [part.body for row in rows for part in reader.parts(row) if part.name == "event"]
    return [msgspec.json.decode(body)["data"] for body in bodies]


def test_cosignatures_are_collected_merged_and_recorded_once(
    home: Place, tmp_path: Path
) -> None:  # fmt: skip
    """Two witnesses see the checkpoint; served, it bears both; what they saw is on record.

    The event's own checkpoint is cosigned too, and makes no further event.
    """
    with (
        witnessing(tmp_path / "w1", home.vkey) as one,
        witnessing(tmp_path / "w2", home.vkey, name="witness.example/w2") as two,
        home.opened() as here,
        client_of(here) as client,
    ):
        answer = client.get("/v1/default/log/checkpoint")
        assert "Pipeledger-Witnessed" not in answer.headers
        home.register(one, two)
        assert sorted(rounds.go_round(here, now(), os.urandom)) == [
            "witness.example/w1", "witness.example/w2",
        ]  # fmt: skip
        assert len(witnessed(here)) == 2
        size = here.ledger.published.size
        for _ in range(3):
            assert rounds.go_round(here, now() + timedelta(days=1), os.urandom) == []
        assert here.ledger.published.size == size
        answer = client.get("/v1/default/log/checkpoint")
        keys = [one.state.signer.verifier, two.state.signer.verifier]
        assert len(cosignatures_of(answer.content, keys)) == 2
        assert answer.headers["Pipeledger-Witnessed"] == str(size)
        # Before somebody else's entry is recorded, no witness is; then each once, and not sooner.
        answer = client.post("/v1/default/events", json=event(), headers=CLOUD)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Pipeledger-Witnessed"] == str(size)
        assert rounds.go_round(here, now(), os.urandom) == []
        later = now() + timedelta(seconds=rounds.PERIOD_OF_RECORDS_S)
        assert len(rounds.go_round(here, later, os.urandom)) == 2
        assert len(witnessed(here)) == 4
        text = client.get("/readyz").text
        # Strangers may read it, and learn no ledger's name or size.
        assert text.startswith("ready\n2 of 2 witnesses answered last, ")
        assert "default" not in text
        metrics = client.get("/metrics").text
        assert (
            'pipeledger_witness_entries{ledger="default",witness="witness.example/w1"}' in metrics
        )
    assert home.sound()


CLOUD = {"Content-Type": "application/cloudevents+json"}


def test_the_newest_checkpoint_with_a_quorum_is_served_when_asked_for(
    home: Place, tmp_path: Path
) -> None:
    """While later entries have none yet; and 404 where there never was one."""
    with home.opened() as here, client_of(here) as client:
        assert client.get("/v1/default/log/checkpoint?witnessed=true").status_code == 404
        with witnessing(tmp_path / "w1", home.vkey) as one:
            home.register(one)
            here.cosigners.collect(here.ledger.published.checkpoint)
            size = here.ledger.published.size
        client.post("/v1/default/events", json=event(), headers=CLOUD)
        found = client.get("/v1/default/log/checkpoint?witnessed=true").content
        assert Policy.parse((home.place.folder / "witnesses" / "policy").read_bytes()).open(
            found
        ).size == size  # fmt: skip
        newest = client.get("/v1/default/log/checkpoint").content
        assert Checkpoint.of(newest).size > size
    # What was collected is there after a restart.
    with home.opened() as here:
        assert here.cosigners.witnessed == found


def test_closed_gives_no_receipt_without_the_quorum_and_loses_nothing(
    home: Place, tmp_path: Path
) -> None:
    """Witnesses away: 503, the event stands unseen; back: the same bytes get their receipt."""
    with home.opened(witnessed_only=True) as here, client_of_open(home, here) as client:
        answer = client.post("/v1/default/events", json=event(), headers=CLOUD)
        assert answer.status_code == 503
        assert "none is registered" in answer.text
        with witnessing(tmp_path / "w1", home.vkey) as one:
            home.register(one)
            port = int(one.url.rpartition(":")[2])
            answer = client.post("/v1/default/events", json=event(), headers=CLOUD)
            assert answer.status_code == 200, answer.text
            note = answer.json()["checkpoint"].encode()
            assert len(cosignatures_of(note, [one.state.signer.verifier])) == 1
        before = here.ledger.published.size
        answer = client.post("/v1/default/events", json=event(2), headers=CLOUD)
        assert answer.status_code == 503
        assert "not enough witnesses" in answer.text
        assert here.ledger.published.size == before
        with witnessing(tmp_path / "w1", home.vkey, port=port):
            answer = client.post("/v1/default/events", json=event(2), headers=CLOUD)
            assert answer.status_code == 200
            assert answer.json()["position"] == before + 1
    assert home.sound()


@contextlib.contextmanager
def client_of_open(home: Place, here: Served) -> Iterator[httpx.Client]:
    """As `client_of`; the token is granted where no witness is asked for."""
    with home.opened() as open_one:
        token = Granting(open_one, SERVER, now(), os.urandom).token("operator", "operator")
    headers = {"Authorization": f"Bearer {token}"}
    with (
        listening(make_app({"default": here}, os.urandom, now)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=60, verify=PLAIN) as client,
    ):
        yield client


def test_a_witness_that_saw_another_history_is_told_with_both_notes(
    home: Place, tmp_path: Path
) -> None:
    """Our own key signed a tree that our database does not hold: a fork, kept and shown."""
    keys = LedgerKeys.load(home.place.keys, "ledger.example/witnessed")
    forked = sign_checkpoint(Checkpoint("ledger.example/witnessed", 1, bytes(32)), [keys.log])
    with witnessing(tmp_path / "w1", home.vkey) as one, home.opened() as here:
        one.client().add(Submission(0, (), forked))
        home.register(one)
        assert rounds.go_round(here, now(), os.urandom) == []
        (found,) = here.cosigners.evidence.of(here.ledger.origin)
        assert found.fork
        assert found.cosigned.encode().startswith(forked.partition(b"\n\n")[0])
        assert found.offered.encode() == here.ledger.published.checkpoint
        (standing,) = here.cosigners.standings().values()
        assert (standing.size, standing.forks, standing.failures) == (0, 1, 1)
        with client_of(here) as client:
            assert "1 signs of another history" in client.get("/readyz").text
    data = ["--data", str(home.settings.data), "--database", str(home.settings.database)]
    listed = CliRunner().invoke(cli, ["witness", "list", *data])
    assert "another history, found" in listed.output, listed.output


def test_a_witness_that_is_away_is_asked_again_later_and_another_at_once(
    home: Place, tmp_path: Path
) -> None:
    """With any one of two, the quorum is there all the same."""
    with witnessing(tmp_path / "w2", home.vkey, name="witness.example/w2") as two:
        with witnessing(tmp_path / "w1", home.vkey) as one:
            home.register(one, two, quorum="any")
        with home.opened() as here:
            assert rounds.go_round(here, now(), os.urandom) == ["witness.example/w2"]
            away, up = here.cosigners.standings().values()
            assert (away.failures, up.failures) == (1, 0)
            assert "does not answer" in away.trouble
            rounds.go_round(here, now(), os.urandom)
            # It is not asked again within the same second.
            assert next(iter(here.cosigners.standings().values())).failures == 1
            assert here.cosigners.covered == 2


def test_a_lost_file_of_standings_is_learnt_again(home: Place, tmp_path: Path) -> None:
    """The witness says which size it cosigned last."""
    with witnessing(tmp_path / "w1", home.vkey) as one:
        home.register(one)
        with home.opened() as here:
            rounds.go_round(here, now(), os.urandom)
            rounds.go_round(here, now(), os.urandom)
        for name in ("standings.json", "newest", "quorum"):
            (home.place.folder / "witnesses" / name).unlink()
        with home.opened() as here:
            rounds.go_round(here, now(), os.urandom)
            assert here.cosigners.witnessed_size == 2


def test_witnesses_are_added_listed_and_removed_by_command(home: Place, tmp_path: Path) -> None:
    """The file that is written is a policy that any verifier reads."""
    data = ["--data", str(home.settings.data), "--database", str(home.settings.database)]

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["witness", *words, *data])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    assert "no witness" in run("list")
    with (
        witnessing(tmp_path / "w1") as one,
        witnessing(tmp_path / "w2", name="witness.example/w2") as two,
    ):
        vkeys = [witness.state.signer.verifier.vkey() for witness in (one, two)]
        assert f"log {home.vkey}\n" in run("add", vkeys[0], one.url)
        run("add", "--quorum", "all", vkeys[1], two.url)
        policy = Policy.parse((home.place.folder / "witnesses" / "policy").read_bytes())
        assert policy.has_quorum([one.address.key, two.address.key])
        assert not policy.has_quorum([one.address.key])
        assert run("list").count("last never") == 2
        with pytest.raises(SettingError, match="there already"):
            run("add", vkeys[0], one.url)
        with pytest.raises(SettingError, match="VKEY"):
            run("add", "nonsense", one.url)
        with pytest.raises(SettingError, match="a witness's address"):
            run("add", registering_key(3), "ftp://host")
        with pytest.raises(SettingError, match="not written"):
            run("add", "--quorum", "9", registering_key(3), "http://host")
        run("remove", "witness.example/w1")
        assert run("list").startswith("witness.example/w2+")
        with pytest.raises(SettingError, match="there is no witness"):
            run("remove", "witness.example/w1")


def registering_key(number: int) -> str:
    """A witness's vkey."""
    from tests.witnessing import signer  # noqa: PLC0415 - for this alone

    return signer(number).verifier.vkey()


def test_a_policy_that_is_wrong_stops_the_start(home: Place) -> None:
    """Named with its file and line."""
    folder = home.place.folder / "witnesses"
    folder.mkdir()
    (folder / "policy").write_text("quorum nobody\n")
    with pytest.raises(SettingError, match="policy line 1"), home.opened():
        pass


def test_without_witnesses_closed_answers_nothing(home: Place) -> None:
    """Whoever asks for witnesses and has none is told so, not let through."""
    with home.opened(witnessed_only=True) as here, pytest.raises(UnavailableError, match="none is"):
        here.cosigners.cosigned(here.ledger.published.checkpoint)


def test_proof_files_carry_the_cosignatures(home: Place, tmp_path: Path) -> None:
    """Verbatim, under the checkpoint that the proof leads to: whoever keeps one file has all."""
    with (
        home.opened() as here,
        client_of(here) as client,
        witnessing(tmp_path / "w1", home.vkey) as one,
    ):
        home.register(one)
        here.cosigners.collect(here.ledger.published.checkpoint)
        raw = client.get("/v1/default/entries/1/proof").content
        assert cosignatures_of(TlogProof.parse(raw).checkpoint, [one.state.signer.verifier])


def test_the_client_verifies_a_ledger_with_its_own_policy_file(
    home: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that the server wrote is the auditor's: quorum, then a tail without one; then none.

    What witnesses saw is contained in what is served, or the verdict is no.
    """
    with (
        witnessing(tmp_path / "w1", home.vkey) as one,
        home.opened() as here,
        client_of(here) as client,
    ):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PIPELEDGER_URL", str(client.base_url).rstrip("/"))
        monkeypatch.setenv("PIPELEDGER_TOKEN", client.headers["Authorization"].split()[1])
        keys = [word for vkey in here.ledger.vkeys for word in ("--key", vkey)]
        home.register(one)
        policy = str(home.place.folder / "witnesses" / "policy")
        words = [str(client.base_url), *keys, "--policy", policy]
        assert verify(words) == 1
        assert "quorum is missing" in capsys.readouterr().err
        rounds.go_round(here, now(), os.urandom)
        client.post("/v1/default/events", json=event(), headers=CLOUD)
        assert verify(words) == 0
        said = capsys.readouterr().out
        assert "cosigned by witness.example/w1: the policy's quorum" in said
        assert "no quorum yet for the" in said


@pytest.mark.long
def test_the_control_of_integrity_judges_what_witnesses_saw(home: Place, tmp_path: Path) -> None:
    """No evidence without a witness; satisfied once one saw it in time."""
    # Up to the next full hour: what was recorded just now is in the window.
    window = {
        "from": write_time(now() - timedelta(days=1)),
        "to": write_time(now() + timedelta(hours=1)),
    }
    question = "/v1/default/compliance/PCI-DSS-4.0.1/10.3.2"
    with home.opened() as here, client_of(here) as client:
        client.post("/v1/default/events", json=event(), headers=CLOUD)
        before = client.get(question, params=window)
        assert before.status_code == 200, before.text
        assert "no witness ever saw it" in before.text
        with witnessing(tmp_path / "w1", home.vkey) as one:
            home.register(one)
            rounds.go_round(here, now(), os.urandom)
        after = client.get(question, params=window).text
        assert "seen by a witness in time" in after
        assert "no witness ever saw it" not in after


def test_a_round_that_fails_in_any_way_lets_the_next_one_come(
    home: Place, tmp_path: Path
) -> None:  # fmt: skip
    """The database away is a failed attempt, not the end of all rounds."""
    with witnessing(tmp_path / "w1", home.vkey) as one:
        home.register(one)
        with home.opened() as here:
            rounds.watch([here], now, os.urandom)
            with home.database.connect() as connection:
                connection.execute("ALTER TABLE ledger_default.tiles RENAME TO elsewhere")
                connection.execute("ALTER TABLE ledger_default.entries RENAME TO gone")
            rounds.watch([here], now, os.urandom)
            with home.database.connect() as connection:
                connection.execute("ALTER TABLE ledger_default.elsewhere RENAME TO tiles")
                connection.execute("ALTER TABLE ledger_default.gone RENAME TO entries")
            later = now() + timedelta(seconds=10)
            here.cosigners._next.clear()
            rounds.watch([here], lambda: later, os.urandom)
            assert here.cosigners.covered == here.ledger.published.size


def test_a_round_tells_telemetry_how_far_the_witnesses_are(home: Place, tmp_path: Path) -> None:
    """Entries without a quorum, and signs of another history; nothing without witnesses."""
    told: list[tuple[str, int, int]] = []

    class Noting:
        """Notes what it is told."""

        observer = Unobserved()

        def tell(self, journey: Journey) -> None:
            """Not asked here."""

        def witnessed(self, ledger: str, behind: int, forks: int) -> None:
            """Note it."""
            told.append((ledger, behind, forks))

        def close(self) -> None:
            """Nothing is open."""

    with home.opened() as here:
        rounds.watch([here], now, os.urandom, Noting())
        assert told == []
        with witnessing(tmp_path / "w1", home.vkey) as one:
            home.register(one)
            rounds.watch([here], now, os.urandom, Noting())
        # The event that records it is not cosigned before the next round.
        assert told == [("default", 1, 0)]
