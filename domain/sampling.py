r"""Samples that an auditor can draw again by hand.

1. Items are parted into strata by what they are sampled by, a name each.
2. The sample's size is shared out in proportion to the items of each stratum: whole parts first,
   then one more each by the largest remainder (of equal ones, the earlier name). Where the size
   reaches for all, a stratum that is left without one then takes it from the stratum that has most
   (of equal ones, the earlier name).
3. Within a stratum items are ranked by the SHA-256 of seed, line feed, key, in hexadecimal; the
   first ones are drawn. `printf '%s\n%s' SEED KEY | sha256sum` gives the rank of one.

Whoever chooses the seed after the population is settled can neither favour nor spare an item.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

METHOD: Final = "sha256-stratified/v1"
"""The name of what is described above."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Items that are sampled together.

    Attributes:
        name: what they have in common.
        population: how many there are.
        sampled: how many of them are drawn.
    """

    name: str
    population: int
    sampled: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """An item of a sample.

    Attributes:
        stratum: name of its stratum.
        rank: what it was drawn by, hexadecimal.
        key: of the item.
    """

    stratum: str
    rank: str
    key: str


def rank_of(seed: str, key: str) -> str:
    """What an item is ranked by: SHA-256 of seed, line feed and key, hexadecimal."""
    return sha256(f"{seed}\n{key}".encode()).hexdigest()


def shares_of(populations: Mapping[str, int], size: int) -> dict[str, int]:
    """How many are drawn from each stratum.

    Args:
        populations: items of each stratum, at least one.
        size: items of the sample; all, where there are no more.
    """
    total = sum(populations.values())
    size = min(size, total)
    names = sorted(populations)
    shares = {name: size * populations[name] // total for name in names}
    left = {name: size * populations[name] % total for name in names}
    for name in sorted(names, key=lambda one: (-left[one], one))[: size - sum(shares.values())]:
        shares[name] += 1
    if size >= len(names):
        for name in [one for one in names if not shares[one]]:
            # A stratum that gives one has two at least.
            shares[min(names, key=lambda one: (-shares[one], one))] -= 1
            shares[name] = 1
    return shares


def draw(
    items: Iterable[tuple[str, str]], size: int, seed: str
) -> tuple[list[Stratum], list[Drawn]]:
    """A sample: the strata by name, and the items by stratum and rank.

    Args:
        items: stratum and key of each; keys tell items apart.
        size: items of the sample.
        seed: makes it repeatable.
    """
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for stratum, key in items:
        keys[stratum].append(key)
    shares = shares_of({name: len(found) for name, found in keys.items()}, size)
    strata = [Stratum(name, len(keys[name]), shares[name]) for name in sorted(keys)]
    drawn = [
        Drawn(one.name, rank, key)
        for one in strata
        for rank, key in sorted((rank_of(seed, key), key) for key in keys[one.name])[: one.sampled]
    ]
    return strata, drawn
