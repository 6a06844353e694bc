"""Whatever comes in, of whatever format: a clear refusal, or facts; and in little time."""

from __future__ import annotations

import multiprocessing
import random
import resource
from typing import Final

import pytest

from domain.errors import TooLargeError
from intake.limits import MAX_MEMBERS
from intake.registry import FORMATS, read_report
from tests.fixtures import needs_fixtures
from tests.intake.mutations import mutated
from tests.intake.samples import OWN, format_of, samples
from tests.intake.trial import try_file

SAMPLES: Final = samples()
EVERY: Final = [body for bodies in SAMPLES.values() for body in bodies]
QUICK: Final = 12
MANY: Final = 100_000
SHARE: Final = 250
PROCESSES: Final = 2
MAX_MEMORY: Final = 4 * 1024**3
MAX_CPU_S: Final = PROCESSES * 8 * 60
"""What all of them may take: eight minutes of two processors, whatever else runs there."""


def tries(name: str, numbers: range) -> list[str]:
    """Read mutations of a format's files; what came out that must not."""
    bodies, found = SAMPLES[name], []
    for number in numbers:
        chance = random.Random(f"{name}/{number}")  # noqa: S311 - damage, no secret
        nth = number % len(bodies)
        what, body = mutated(bodies[nth], chance.choice(EVERY), chance)
        if said := try_file(body, name, chance):
            found.append(f"{name}, sample {nth}, mutation {number} ({what}): {said}")
    return found


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_sample_of_our_own_is_one(name: str) -> None:
    """It is read as what it stands for, so that its damaged copies reach the reader."""
    report = read_report(OWN[name])
    assert report.format.name == name
    assert report.readings


@needs_fixtures
def test_every_format_has_a_sample() -> None:
    """A format without one would not be tried."""
    assert SAMPLES.keys() == {one.name for one in FORMATS}


@pytest.mark.parametrize("name", ["grafana", "new-relic", "splunk-on-call", "opa-eval"])
def test_no_more_members_are_looked_at_than_a_file_may_have(name: str) -> None:
    """Before anything is made of them."""
    body = "{" + ",".join(f'"{number}":0' for number in range(MAX_MEMBERS + 1)) + "}"
    with pytest.raises(TooLargeError, match=f"more than {MAX_MEMBERS} members"):
        read_report(body.encode(), name)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_damaged_files_are_refused_clearly_or_read(name: str) -> None:
    """A few of each format; `make test-long` tries a hundred thousand."""
    assert tries(name, range(QUICK)) == []


def _limit() -> None:
    # What would take all memory fails here alone.
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _share(task: tuple[str, int]) -> list[str]:
    name, start = task
    return tries(name, range(start, start + SHARE))


@pytest.mark.long
def test_a_hundred_thousand_damaged_files_are_refused_clearly_or_read() -> None:
    """Spread over all formats; none takes long, nor do all of them together."""
    each = -(-MANY // (SHARE * len(SAMPLES)))
    tasks = [(name, QUICK + SHARE * nth) for nth in range(each) for name in sorted(SAMPLES)]
    assert len(tasks) * SHARE >= MANY
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with multiprocessing.get_context("spawn").Pool(PROCESSES, _limit) as pool:
        found = [said for share in pool.imap_unordered(_share, tasks) for said in share]
    assert found == []
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < MAX_CPU_S


def test_a_file_that_is_no_format_is_none() -> None:
    """Recognition itself refuses nothing and guesses nothing."""
    for body in (b"", b"\xff", b"{", b"[", b"<", b"[1]", b'"x"', b"x", b"<a/>", b"{}", b"[[[]]]"):
        assert format_of(body) is None
