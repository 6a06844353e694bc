"""Which ids are one person, whatever the order in which they were linked."""

from __future__ import annotations

from itertools import permutations

from domain.decisions.fact import Fact, PersonLinked, PersonUnlinked
from domain.decisions.persons import Persons


def pair(kind: type[Fact], names: str) -> Fact:
    """Two ids of one letter each."""
    return kind({"person": names[0], "other": names[1]})


def test_a_chain_is_one_person_in_any_order() -> None:
    """The smallest id stands for all; who is in no link stands for themselves."""
    for order in permutations(["ab", "dc", "bd", "ef", "fe"]):
        persons = Persons()
        for one in order:
            assert persons.one("z") == "z"
            persons.learn(pair(PersonLinked, one))
        assert [persons.one(name) for name in "abcdefg"] == [*"aaaaeeg"]
        assert persons.same("c", "a")
        assert not persons.same("c", "e")
        assert persons.linked("c", "d")
        assert not persons.linked("c", "a")


def test_what_is_said_later_counts_at_once() -> None:
    """Between two questions, too; a redacted link is none."""
    persons = Persons()
    persons.learn(pair(PersonLinked, "ab"))
    persons.learn(PersonLinked({}))
    assert persons.same("a", "b")
    persons.learn(pair(PersonUnlinked, "ba"))
    assert not persons.same("a", "b")
    persons.learn(pair(PersonUnlinked, "ba"))
    persons.learn(pair(PersonLinked, "bc"))
    assert persons.same("c", "b")
