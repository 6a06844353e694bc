"""Samples: repeatable, stratified, and as somebody with sha256sum would draw them."""

from __future__ import annotations

import subprocess
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.sampling import draw, rank_of, shares_of
from pipeledger.recompute import sampling as client

COUNTS = st.dictionaries(st.text(max_size=3), st.integers(1, 300), max_size=8)


def test_the_rank_is_what_sha256sum_says() -> None:
    """Of seed, line feed and key, without another line feed."""
    line = 'printf \'%s\\n%s\' "$0" "$1" | sha256sum'
    done = subprocess.run(
        ["sh", "-c", line, "7", "shop@production d-1 \u00fc"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[0] == rank_of("7", "shop@production d-1 \u00fc")


def test_a_sample_is_shared_out_by_hand() -> None:
    """25 of 1,011 are 24.7, 0.2 and 0.02: 25 of the first, of which the others take one each."""
    assert shares_of({"a": 1000, "b": 10, "c": 1}, 25) == {"a": 23, "b": 1, "c": 1}
    assert shares_of({"a": 3, "b": 3}, 5) == {"a": 3, "b": 2}
    assert shares_of({"a": 1, "b": 1, "c": 5}, 2) == {"a": 0, "b": 0, "c": 2}
    assert shares_of({"a": 1, "b": 2}, 9) == {"a": 1, "b": 2}
    assert shares_of({}, 9) == {}


@given(COUNTS, st.integers(1, 400))
def test_shares_come_to_the_size_and_leave_no_stratum_out(
    counts: dict[str, int], size: int
) -> None:
    """Never more than there are; the same by the code that verifies."""
    shares = shares_of(counts, size)
    assert sum(shares.values()) == min(size, sum(counts.values()))
    assert all(0 <= shares[name] <= count for name, count in counts.items())
    if size >= len(counts):
        assert all(shares.values())
    assert shares == client.shares_of(counts, size)


@given(st.permutations([("a" if n % 3 else "b", f"key {n}") for n in range(30)]))
def test_the_order_of_the_items_does_not_matter(items: list[tuple[str, str]]) -> None:
    """Whoever has the population has the sample."""
    strata, drawn = draw(items, 7, "s")
    again = sorted(items)
    assert draw(again, 7, "s") == (strata, drawn)
    assert [(one.name, one.population, one.sampled) for one in strata] == [
        ("a", 20, 5), ("b", 10, 2),
    ]  # fmt: skip
    for stratum in strata:
        ranks = sorted(rank_of("s", key) for name, key in items if name == stratum.name)
        assert [one.rank for one in drawn if one.stratum == stratum.name] == ranks[
            : stratum.sampled
        ]


def test_another_seed_draws_others() -> None:
    """All keys have their turn."""
    items = [("", f"key {number}") for number in range(20)]
    drawn = Counter(one.key for seed in range(200) for one in draw(items, 5, str(seed))[1])
    assert len(drawn) == 20
    assert min(drawn.values()) > 20
