"""What an answer was asked of controls: one text of JSON among its parameters.

    {"catalogue":"sha256:..","settings":{..},
     "tests":[{"test":"CHG-02","variant":"default","empty":..,"built":true,"parameters":{..}},..],
     "controls":[{"framework":..,"control":..,"tests":[{"test":..,"variant":..},..],..},..]}

The definition of a test is called like it: `chg_02`. A test without one is not built, and leaves
the controls open that it answers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from pipeledger.looking import at, listed
from pipeledger.verifier.wire import UnsoundError, read_object

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    import pyarrow as pa

    from pipeledger.recompute.definitions import Definition

MOST = 1024 * 1024
"""Bytes of such a text."""
_TEST = re.compile("[A-Z0-9]{2,20}-[0-9]{1,4}")
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_POLICY = "pipeledger/controls"


class Recorded:
    """The catalogues that the ledger itself recorded, and where."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._positions: dict[str, int] = {}

    def look(self, events: pa.Table) -> None:
        """Take note of the catalogues among these rows; only the server's own word counts."""
        own = pc.and_(
            pc.equal(events["type"], "pipeledger.policy.published"),
            pc.and_(pc.equal(events["how"], "server"), pc.equal(events["assurance"], "decided")),
        )
        found = events.filter(own)
        for position, event in zip(
            found["position"].to_pylist(), found["event"].to_pylist(), strict=True
        ):
            try:
                told = json.loads(event or "null")
            except (ValueError, RecursionError):
                continue
            if at(told, "data", "policy") == _POLICY:
                self._positions.setdefault(str(at(told, "data", "digest")), position)

    def line(self, text: str) -> str:
        """Whether the catalogue that an answer names is on record, for people.

        Args:
            text: the parameter, as `controls_lines` took it.
        """
        position = self._positions.get(_read(text)["catalogue"])
        if position is None:
            return (
                "catalogue not on record: no policy.published that is here has its digest, so "
                "whoever made this chose its tests and parameters"
            )
        return (
            "not checked: the words of the catalogue; its digest is that of the policy.published "
            f"at position {position}"
        )


def controls_lines(text: str, known: Container[str]) -> list[str]:
    """What was asked, for people.

    Args:
        text: the parameter.
        known: names of the definitions that are there.

    Raises:
        UnsoundError: it is no such text, or speaks of a test as built or not that is the other.
    """
    asked = _read(text)
    built: dict[str, list[str]] = {"evaluated": [], "not evaluated, since not built": []}
    for one in asked["tests"]:
        test, is_built = one.get("test"), one.get("built")
        if not isinstance(test, str) or _TEST.fullmatch(test) is None:
            raise UnsoundError(None, "answer: a test of its controls is none")
        if is_built is not (test.lower().replace("-", "_") in known):
            said = "built" if is_built is True else "not built"
            raise UnsoundError(None, f"answer: it says that the test {test} is {said}")
        variant = str(one.get("variant"))
        named = test if variant == "default" else f"{test} for {variant[:100]}"
        built["evaluated" if is_built else "not evaluated, since not built"].append(named)
    return [
        f"controls: {len(asked['controls'])}, by the catalogue {asked['catalogue']}",
        *(f"tests {how}: {', '.join(names)}" for how, names in built.items() if names),
    ]


def not_asked(text: str, known: Mapping[str, Definition]) -> frozenset[str]:
    """Tables of tests that nobody asked for: without them, much less has to be made.

    Args:
        text: the parameter, as `controls_lines` took it.
        known: the definitions that are there.
    """
    built = {
        name
        for name, one in known.items()
        if one.layer == "controls" and _TEST.fullmatch(name.upper().replace("_", "-"))
    }
    asked = {str(one["test"]).lower().replace("-", "_") for one in _read(text)["tests"]}
    # One is made in any case: it gives the others their columns.
    return frozenset(built - asked if built & asked else ())


def _read(text: str) -> dict[str, Any]:
    if len(text) > MOST:
        raise UnsoundError(None, "answer: its controls are too long")
    asked = read_object(text.encode("utf-8", "surrogatepass"), "answer: its controls")
    digest = asked.get("catalogue")
    if (
        not isinstance(digest, str)
        or _DIGEST.fullmatch(digest) is None
        or listed(asked, "tests") is None
        or listed(asked, "controls") is None
    ):
        raise UnsoundError(None, "answer: what it asks of controls is of no known form")
    return asked
