"""Events leave in order, from where they stopped: none is lost, none goes twice without need."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from domain.errors import DamageError, SettingError, UnavailableError
from exporters.outgoing import BATCH, Outgoing
from tests.exporters.receiving import Entries, Receiver, all_of
from tests.projections.story import ORIGIN, Story
from tests.projections.telling import deployed

if TYPE_CHECKING:
    from pathlib import Path


def told(count: int) -> Story:
    """So many deployments."""
    story = Story()
    for number in range(count):
        deployed(story, f"d-{number}", "03-01T10:00", str(number))
    return story


def outgoing(story: Story, folder: Path, name: str = "otlp") -> Outgoing:
    """What sends a story's events."""
    return Outgoing(Entries(story), ORIGIN, folder, name)


def test_every_event_leaves_once_and_in_order(tmp_path: Path) -> None:
    """Over several batches and runs."""
    story, receiver = told(2 * BATCH + 7), Receiver()
    found = outgoing(story, tmp_path).run(BATCH + 3, receiver.send)
    assert (found.before, found.position) == (0, BATCH + 3)
    found = outgoing(story, tmp_path).run(2 * BATCH + 7, receiver.send)
    assert (found.before, found.position) == (BATCH + 3, 2 * BATCH + 7)
    assert receiver.kept == [*range(1, 2 * BATCH + 8)]
    assert outgoing(story, tmp_path).reached() == 2 * BATCH + 7


def test_what_a_receiver_refuses_goes_out_the_next_time(tmp_path: Path) -> None:
    """What it accepted before does not."""
    story, receiver = told(2 * BATCH), Receiver(refuses=2)
    with pytest.raises(UnavailableError):
        outgoing(story, tmp_path).run(2 * BATCH, receiver.send)
    assert outgoing(story, tmp_path).reached() == BATCH
    outgoing(story, tmp_path).run(2 * BATCH, receiver.send)
    assert receiver.kept == [*range(1, 2 * BATCH + 1)]


def test_receivers_have_marks_of_their_own(tmp_path: Path) -> None:
    """A new one begins at the beginning, or where it is told to."""
    story, first, second = told(5), Receiver(), Receiver()
    outgoing(story, tmp_path, "otlp").run(5, first.send)
    outgoing(story, tmp_path, "cdevents").run(5, second.send, since=3)
    assert (first.kept, second.kept) == ([1, 2, 3, 4, 5], [4, 5])
    with pytest.raises(SettingError, match="events up to 5 have left"):
        outgoing(story, tmp_path, "cdevents").run(5, second.send, since=1)
    with pytest.raises(SettingError, match="there is no entry at position 9"):
        outgoing(story, tmp_path, "new").run(5, second.send, since=9)


class Altered(Entries):
    """Entries of which one was altered behind the ledger's back."""

    def read(self, after: int, until: int) -> pa.Table:
        """With a byte of the event of position 4 changed."""
        rows = super().read(after, until)
        bodies = [
            body.replace(b"d-3", b"d-9") if position == 4 else body
            for position, body in zip(
                rows["pos"].to_pylist(), rows["body"].to_pylist(), strict=True
            )
        ]
        at = rows.schema.get_field_index("body")
        return rows.set_column(at, "body", pa.array(bodies, pa.binary()))


def test_an_altered_event_does_not_leave(tmp_path: Path) -> None:
    """Its position is named."""
    receiver = Receiver()
    with pytest.raises(DamageError, match="position 4: part event"):
        Outgoing(Altered(told(5)), ORIGIN, tmp_path, "otlp").run(5, receiver.send)
    assert receiver.kept == []


def test_a_ledger_that_does_not_go_on_from_what_left_is_refused(tmp_path: Path) -> None:
    """Restored and written anew, it would tell another story under the same positions."""
    outgoing(told(3), tmp_path).run(3, Receiver().send)
    other = Story()
    for number in range(5):
        deployed(other, f"x-{number}", "03-01T10:00", str(number))
    receiver = Receiver()
    with pytest.raises(DamageError, match="position 4: prev"):
        outgoing(other, tmp_path).run(5, receiver.send)
    assert receiver.kept == []


@pytest.mark.parametrize(
    "mark",
    ["", "[]", "{}", '{"origin":"other.example/log","position":1,"leaf":""}',
     json.dumps({"origin": ORIGIN, "position": 0, "leaf": "0" * 64}),
     json.dumps({"origin": ORIGIN, "position": True, "leaf": "x"}),
     json.dumps({"origin": ORIGIN, "position": 2, "leaf": "zz"})],
)  # fmt: skip
def test_a_mark_that_is_none_stops_before_anything_leaves(tmp_path: Path, mark: str) -> None:
    """Beginning anew would send everything again."""
    (tmp_path / "otlp.json").write_text(mark)
    receiver = Receiver()
    with pytest.raises(SettingError, match=r"otlp\.json"):
        outgoing(told(2), tmp_path).run(2, receiver.send)
    assert receiver.kept == []


def test_only_one_process_sends_to_a_receiver(tmp_path: Path) -> None:
    """The other one would send the same."""
    story = told(2)

    def send(_: object) -> None:
        with pytest.raises(SettingError, match="another process sends to otlp now"):
            outgoing(story, tmp_path).run(2, Receiver().send)

    assert outgoing(story, tmp_path).run(2, send).position == 2


def test_a_disk_that_takes_no_mark_is_tried_again(tmp_path: Path) -> None:
    """Whatever the system says of it; a folder that cannot be made likewise."""
    folder = tmp_path / "outgoing"
    with pytest.raises(UnavailableError, match=r"otlp\.json cannot be written"):
        outgoing(told(2), folder).run(2, lambda _: shutil.rmtree(folder))
    folder.write_text("in the way")
    with pytest.raises(UnavailableError, match=r"otlp\.json cannot be written"):
        outgoing(told(2), folder).run(2, Receiver().send)


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b"])
def test_a_receiver_has_a_name_that_can_be_a_file(tmp_path: Path, name: str) -> None:
    """Nothing is written elsewhere."""
    with pytest.raises(SettingError):
        outgoing(told(1), tmp_path, name)


def test_what_is_redacted_leaves_without_its_data() -> None:
    """Its place and type stay."""
    story = told(1)
    story.keep(b"\xff not JSON")
    events = [one.what for one in all_of(story)]
    assert events[0] == "deployment.finished"
    assert [dict(one.plain()) for one in all_of(story)][-1] == {}
