"""All events of a stream: what is left out between them is found; the tail is said."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.verifier.evidence import Policy, Verdict, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.stream import Stream
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.listening import Reply
from tests.client.writer import Writer, b64, consistency, ledger_of, path, root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.client.conftest import Command
    from tests.client.listening import Listening, Request

SIZE = 20
STREAM = "deployment/0.1"
Fields = dict[str, Any]


def saved(writer: Writer, name: str, size: int) -> Fields:
    """The answer about a stream at a size."""
    entries = []
    for position, one in enumerate(writer.entries[:size], 1):
        streams = json.loads(one.raw.split(b"\n")[1])["streams"]
        if name in streams:
            hashes = [b64(step) for step in path(position - 1, writer.leaves[:size])]
            entries.append({"position": position, "entry": b64(one.raw), "hashes": hashes})
    return {"format": "pipeledger/stream/v1", "stream": name, "size": size,
            "checkpoint": writer.checkpoint(size).decode(), "entries": entries}  # fmt: skip


@pytest.fixture(scope="module")
def writer() -> Writer:
    """A ledger of twenty entries; every third one is of the stream."""
    return ledger_of(SIZE)


@pytest.fixture
def fields(writer: Writer) -> Fields:
    """The answer about one stream: events at positions 2, 5, .. 20."""
    return saved(writer, STREAM, SIZE)


def judge(fields: Fields, folder: Path) -> Verdict:
    """The verdict on an answer."""
    file = folder / "stream.json"
    file.write_text(json.dumps(fields))
    log = trusted_log(Writer().vkeys)
    (verdict,) = check_path(file, Policy([log], Settings()))
    return verdict


def test_all_events_up_to_the_last_entry_are_complete(fields: Fields, tmp_path: Path) -> None:
    """The last event is the last entry of all, so there is no tail."""
    verdict = judge(fields, tmp_path)
    assert verdict.facts == {"stream": STREAM, "events": 7, "complete_up_to": 20}
    assert verdict.lines[:2] == [
        f"{STREAM}: events 1 to 7, signed and included, none left out up to position 20",
        "complete: the last one is the last of all 20 entries",
    ]


def test_what_is_not_shown_of_the_tail_is_said(writer: Writer, tmp_path: Path) -> None:
    """Whoever answers may hold the next event back; numbers cannot tell."""
    fields = saved(writer, STREAM, 19)
    told = "not shown: that no event 7 stands at positions 18 to 19"
    assert any(line.startswith(told) for line in judge(fields, tmp_path).lines)
    held = copy.deepcopy(fields)
    held["entries"].pop()
    told = "not shown: that no event 6 stands at positions 15 to 19"
    assert any(line.startswith(told) for line in judge(held, tmp_path).lines)


def test_a_later_event_closes_the_tail_of_an_earlier_checkpoint(
    writer: Writer, tmp_path: Path
) -> None:
    """Event 7 stands after position 19, so the first 19 entries hold six of them."""
    file = tmp_path / "stream.json"
    file.write_text(json.dumps(saved(writer, STREAM, SIZE)))
    seen = Checkpoint(writer.origin, 19, root(writer.leaves[:19]))
    log = trusted_log(writer.vkeys, seen=seen)
    policy = Policy([log], Settings(), consistency=lambda *_: consistency(19, writer.leaves))
    (verdict,) = check_path(file, policy)
    assert "of the first 19 entries these are 6, and all" in verdict.lines
    (alone,) = check_path(file, Policy([log], Settings()))
    assert not any("and all" in line for line in alone.lines)


def _drop(fields: Fields) -> None:
    del fields["entries"][3]


def _swap(fields: Fields) -> None:
    entries = fields["entries"]
    entries[2], entries[3] = entries[3], entries[2]


def _double(fields: Fields) -> None:
    fields["entries"].insert(3, fields["entries"][2])


def _path(fields: Fields) -> None:
    fields["entries"][3]["hashes"][1] = b64(bytes(32))


def _short(fields: Fields) -> None:
    fields["entries"][3]["hashes"].pop()


def _member(**changes: Any) -> Callable[[Fields], object]:  # noqa: ANN401 - JSON
    return lambda fields: fields["entries"][3].update(changes)


def _said(**changes: Any) -> Callable[[Fields], object]:  # noqa: ANN401 - JSON
    return lambda fields: fields.update(changes)


def _backwards(fields: Fields) -> None:
    """A ledger gave its numbers in the stream in another order than its positions."""
    writer = ledger_of(1)
    for number in (1, 3, 2):
        writer.append(streams=(STREAM,), seq={"sn": [number]})
    fields.clear()
    fields.update(saved(writer, STREAM, 4))
    fields["entries"][1:] = fields["entries"][:0:-1]


def _numberless(fields: Fields) -> None:
    """Numbers without what is numbered."""
    fields["entries"] = [7]


TAMPERED: dict[str, tuple[Callable[[Fields], object], str]] = {
    "an event left out": (_drop, "position 14: number 5 in deployment/0.1 after 3"),
    "two swapped": (_swap, "position 11: number 4 in deployment/0.1 after 2"),
    "one doubled": (_double, "position 8: number 3 in deployment/0.1 after 3"),
    "a path altered": (_path, "position 11: the path does not lead"),
    "a path cut": (_short, "position 11: the path does not lead"),
    "another position": (_member(position=12), "position 11: said to stand at another position"),
    "no position": (_member(position=None), "position 11: said to stand at another position"),
    "no path": (_member(hashes=None), "position 11: without its path to the root"),
    "a long path": (_member(hashes=[b64(bytes(32))] * 63), "position 11: the path does not lead"),
    "a longer path": (_member(hashes=[b64(bytes(32))] * 64), "position 11: without its path"),
    "a path of no texts": (_member(hashes=[7, 7]), "position 11: the path does not lead"),
    "more than a path": (
        lambda one: one["entries"][3]["hashes"].append(None),
        "position 11: the path does not lead",
    ),
    "a path of no hashes": (_member(hashes=["AAAA"]), "stream hash: 3 bytes"),
    "an entry that is none": (_member(entry=None), "stream entry: not canonical base64"),
    "an entry that is no object": (_numberless, "stream: an entry that is no object"),
    "numbers that go back": (_backwards, "position 3: stands before event 2 of deployment/0.1"),
    "another version": (_said(format="pipeledger/stream/v2"), "stream: not of a version"),
    "no checkpoint": (_said(checkpoint=None), "stream: expected stream, checkpoint and entries"),
    "a note that is none": (_said(checkpoint="\ud800"), "checkpoint: not UTF-8"),
    "no name": (_said(stream=None), "stream: expected stream, checkpoint and entries"),
    "an empty name": (_said(stream=""), "stream: no name of a stream"),
    "the longest name": (_said(stream="x" * 232), f"position 2: not an event of '{'x' * 100}'"),
    "a longer name": (_said(stream="x" * 233), "stream: no name of a stream"),
    "no list": (_said(entries={}), "stream: expected stream, checkpoint and entries"),
    "no size": (_said(size=None), "stream: its size is not that of its checkpoint"),
    "another stream": (lambda one: one.update(stream="x/y"), "position 2: not an event of 'x/y'"),
    "a name that is none": (lambda one: one.update(stream="x\x1b[2J"), "stream: no name"),
    "another size": (lambda one: one.update(size=21), "stream: its size is not"),
    "an older checkpoint": (
        lambda one: one.update(size=9, checkpoint=ledger_of(9).checkpoint().decode()),
        "position 2: the path does not lead",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_is_altered_is_named(fields: Fields, tmp_path: Path, name: str) -> None:
    """With its position."""
    tamper, said = TAMPERED[name]
    tamper(fields)
    with pytest.raises(UnsoundError) as caught:
        judge(fields, tmp_path)
    assert str(caught.value).startswith(said)


def test_an_answer_may_leave_out_what_its_entries_say_themselves(
    fields: Fields, tmp_path: Path
) -> None:
    """Their positions."""
    for one in fields["entries"]:
        del one["position"]
    assert judge(fields | {"next": None}, tmp_path).facts["events"] == 7


def test_a_stream_says_how_many_events_stand_below_each_size_that_it_closes(
    writer: Writer,
) -> None:
    """Up to its last event; beyond it nobody knows, nor where none is shown."""
    log = trusted_log(writer.vkeys)
    states = [Checkpoint(writer.origin, size, bytes(32)) for size in range(12)]
    stream = Stream(log, "a", (2, 5, 8), states[10])
    assert [stream.complete_up_to(size) for size in range(12)] == [
        0, 0, 1, 1, 1, 2, 2, 2, 3, None, None, None
    ]  # fmt: skip
    closes = "a later answer, or verify of all entries with --stream, closes that"
    assert stream.lines([states[8], states[5], states[9], states[7]]) == [
        "a: events 1 to 3, signed and included, none left out up to position 8",
        "of the first 5 entries these are 2, and all",
        "of the first 7 entries these are 2, and all",
        f"not shown: that no event 4 stands at positions 9 to 10; {closes}",
    ]
    assert Stream(log, "a", (2, 5, 8), states[8]).lines([])[1:] == [
        "complete: the last one is the last of all 8 entries"
    ]
    none = Stream(log, "a", (), states[10])
    assert none.complete_up_to(0) is None
    assert none.lines([states[3]]) == [
        "no event of a is shown", f"not shown: that none stands among the 10 entries; {closes}"
    ]  # fmt: skip


def test_what_does_not_begin_with_the_first_event_is_no_verdict(
    fields: Fields, tmp_path: Path
) -> None:
    """A later page, or the first events held back: it is not all of them."""
    del fields["entries"][0]
    with pytest.raises(UncheckedError, match="begins with event 2"):
        judge(fields, tmp_path)
    with pytest.raises(UncheckedError, match="one page of several"):
        judge(saved(ledger_of(SIZE), STREAM, SIZE) | {"next": 20}, tmp_path)


def test_a_stream_without_events_is_not_shown_to_have_none(writer: Writer, tmp_path: Path) -> None:
    """It says so."""
    first, second, *_ = judge(saved(writer, "deployment/9", SIZE), tmp_path).lines
    assert first == "no event of deployment/9 is shown"
    assert second.startswith("not shown: that none stands among the 20 entries")


def test_the_command_fetches_all_pages_under_one_checkpoint_and_verifies_them(
    command: Command, ledger: Listening, writer: Writer
) -> None:
    """Two pages; the second names the size of the first. A run over all entries closes the tail."""
    ledger.written = writer
    whole = saved(writer, STREAM, 19)

    def pages(request: Request) -> Reply | None:
        if not request.path.endswith(f"/streams/{STREAM}"):
            return None
        after = int(request.query.get("after", ["0"])[0])
        assert not after or request.query["known_at"] == ["19"]
        rest = [one for one in whole["entries"] if one["position"] > after]
        last = rest[3]["position"] if len(rest) > 4 else None
        return Reply(body=json.dumps(whole | {"entries": rest[:4], "next": last}).encode())

    ledger.behave = pages
    command("trust", "add", ledger.url, "--fingerprint", writer.fingerprint)
    shown = command("query", "stream", STREAM).stdout
    assert "events 1 to 6, signed and included, none left out up to position 17" in shown
    refused = command("query", "stream", "deployment/0.2", status=1)
    assert "nothing here" in refused.stderr
    command("query", "stream", STREAM, "--output", "stream.json")
    done = command("verify", "stream.json")
    assert "not shown: that no event 7 stands at positions 18 to 19" in done.stdout
    whole["stream"] = "deployment/0.2"
    refused = command("query", "stream", STREAM, status=1)
    assert "another stream than was asked for" in refused.stderr
    done = command("verify", ledger.url, "--stream", STREAM)
    assert f"{STREAM}: 7 events, which are all among 20 entries" in done.stdout
