"""What tools spell in several ways is one thing afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from intake.address import repository_of
from intake.ids import ref_of
from intake.image import images_of
from intake.instant import told_time
from intake.limits import MAX_FACTS
from intake.order import by_time
from intake.person import account_of
from intake.report import fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.report import Reading

DIGEST = "sha256:" + "d" * 64


@pytest.mark.parametrize(
    "text",
    [
        "https://code.example/acme/shop",
        "https://code.example/acme/shop.git",
        "https://code.example/acme/shop/",
        "https://mia:t0k%40n@code.example/acme/shop.git?private_token=t0k#readme",
        "git@code.example:acme/shop.git",
        "ssh://git@code.example/acme/shop.git",
        "  https://code.example/acme/shop.git \n",
    ],
)
def test_a_repository_has_one_address(text: str) -> None:
    """Without credentials, query and suffix; SSH as https."""
    assert repository_of(text) == "https://code.example/acme/shop"


@pytest.mark.parametrize("text", [None, "", "/srv/git/shop", "C:\\git", "shop", "https://", "@:"])
def test_a_path_is_no_address(text: str | None) -> None:
    """It would name a machine's folder, not a repository."""
    assert repository_of(text) is None


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("refs/remotes/origin/main", "refs/heads/main"),
        ("origin/feature/x", "refs/heads/feature/x"),
        ("refs/heads/main", "refs/heads/main"),
        ("refs/tags/v1", "refs/tags/v1"),
        ("PR-7", "PR-7"),
        ("detached", None),
        ("", None),
    ],
)
def test_a_ref_of_a_clone_is_the_branch(text: str, ref: str | None) -> None:
    """What is none stays what it is."""
    assert ref_of(text) == ref


@pytest.mark.parametrize(
    ("text", "time", "local"),
    [
        ("2026-01-02 03:04:05.123456789 +0000 UTC", "2026-01-02T03:04:05.123456789+00:00", None),
        ("2026-01-02 03:04:05 -0700 PDT", "2026-01-02T03:04:05-07:00", None),
        ("Fri Jan  2 03:04:05 2026", "2026-01-02T03:04:05Z", "Fri Jan  2 03:04:05 2026"),
        ("Fri, 2 Jan 2026 03:04:05", "2026-01-02T03:04:05Z", "Fri, 2 Jan 2026 03:04:05"),
        ("2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+01:00", None),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05"),
    ],
)
def test_instants_are_read_as_go_c_and_java_print_them(
    text: str, time: str, local: str | None
) -> None:
    """What names no zone is kept as it stands there."""
    told = told_time(text)
    assert told is not None
    assert (told.time, told.local) == (time, local)


@pytest.mark.parametrize("text", ["Fri Jan 32 03:04:05 2026", "yesterday", "Fri", ""])
def test_what_is_no_instant_is_none(text: str) -> None:
    """The calendar decides."""
    assert told_time(text) is None


@pytest.mark.parametrize(
    ("images", "fields"),
    [
        ([], {"artifacts": None, "artifact": None}),
        (["a:1", None, "a:1"], {"artifacts": [{"name": "a:1"}], "artifact": None}),
        ([f"a:1@{DIGEST}"], {"artifacts": [{"name": "a:1", "digest": DIGEST}],
                             "artifact": {"name": "a:1", "digest": DIGEST}}),
        ([f"a@{DIGEST}", "b"], {"artifacts": [{"name": "a", "digest": DIGEST}, {"name": "b"}],
                                "artifact": None}),
    ],
)  # fmt: skip
def test_one_image_with_its_digest_is_the_artifact(
    images: list[str | None], fields: dict[str, Any]
) -> None:
    """Of several, none is; a tag is no digest."""
    assert images_of(images) == fields


def test_a_login_may_be_an_address() -> None:
    """Single sign-on hands them out as such."""
    assert account_of("x", "mia@x.example") == {"system": "x", "email": "mia@x.example"}
    assert account_of("x", "mia") == {"system": "x", "login": "mia"}
    assert account_of("x", "") is account_of("x", None) is None


def test_readings_stand_in_the_order_of_time() -> None:
    """By instant, not by spelling; those without one last, as the file has them."""
    times = ["2026-01-01T10:00:00Z", None, "2026-01-01T10:00:00.5+01:00", "2026-01-01T09:30:00Z"]
    found = by_time(
        fact("task.finished", told_time(time), {"task": str(number)})
        for number, time in enumerate(times)
    )
    assert [one.data["task"] for one in found] == ["2", "3", "0", "1"]


def test_no_more_readings_are_made_than_are_taken_together() -> None:
    """A file of a million lines is refused without being read to its end."""
    made = 0

    def readings() -> Iterator[Reading]:
        nonlocal made
        while True:
            made += 1
            yield fact("task.finished", None, {"task": "x"})

    assert len(by_time(readings())) == made == MAX_FACTS + 1
