"""A value is read anew when it is older than whoever asks bears."""

from __future__ import annotations

from itertools import count

from store.recent import FRESH_S, TRUSTED_S, Recent


def test_a_value_is_read_as_often_as_who_asks_wants_it_young() -> None:
    """And whenever it was changed here."""
    now, reads = 0.0, count(1)
    value = Recent(lambda: next(reads), lambda: now)
    assert [value.get(TRUSTED_S), value.get(FRESH_S)] == [1, 1]
    now += FRESH_S + 0.1
    assert [value.get(TRUSTED_S), value.get(FRESH_S), value.get(FRESH_S)] == [1, 2, 2]
    now += TRUSTED_S + 0.1
    assert value.get(TRUSTED_S) == 3
    value.forget()
    assert value.get(TRUSTED_S) == 4


def test_what_was_read_while_it_changed_is_believed_by_nobody_afterwards() -> None:
    """Whoever began to read before a change and ends after it has the value before it."""
    there = ["before"]

    def read() -> str:
        found = there[0]
        if found == "before":
            there[0] = "after"
            value.forget()
        return found

    value = Recent(read, lambda: 0.0)
    assert [value.get(TRUSTED_S), value.get(TRUSTED_S)] == ["before", "after"]
