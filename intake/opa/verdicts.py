"""What the value of a Rego rule decides.

Rego gives rules no meaning. By the conventions of OPA, Conftest and Gatekeeper `deny` and
`violation` deny where they hold anything, `warn` warns, and a boolean of any other rule allows or
not. What is none of these is `undecided`, and nothing is guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_REASONS: Final = 100
"""Reasons that an event carries; the counts are of all."""

_DENIES: Final = re.compile(r"(?:deny|violation)(?:_[A-Za-z0-9_]+)?")
_WARNS: Final = re.compile(r"warn(?:_[A-Za-z0-9_]+)?")
_ALLOWS: Final = ("allow", "allowed")
_WORDS: Final = {
    "true": "allow", "allow": "allow", "allowed": "allow",
    "false": "deny", "deny": "deny", "denied": "deny",
}  # fmt: skip
_REFERENCE: Final = re.compile(r'data(?:\.[A-Za-z_]\w*|\["[^"\\]+"\])*')
_STEP: Final = re.compile(r'\.([A-Za-z_]\w*)|\["([^"\\]+)"\]')


class Said(NamedTuple):
    """One thing that a rule says.

    Attributes:
        identity: tells it from the others; not for people, and not for an event.
        message: the text for people, or None where there is none.
    """

    identity: str
    message: str | None


@dataclass(slots=True)
class Verdict:
    """What a rule or a package decides.

    Attributes:
        decision: `allow`, `deny`, `warn` or `undecided`.
        said: what is said, by rule; rules that say nothing are there too.
    """

    decision: str
    said: dict[str, list[Said]] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str] | None:
        """The first of the messages, those that deny before the others."""
        rules = sorted(self.said, key=lambda rule: _DENIES.fullmatch(rule) is None)
        return reasons_of(one.message for rule in rules for one in self.said[rule])

    @property
    def counts(self) -> dict[str, int] | None:
        """How much is said, by rule."""
        return {rule: len(said) for rule, said in self.said.items()} or None


def reasons_of(texts: Iterable[str | None]) -> list[str] | None:
    """The first hundred of them; None where there is none."""
    return list(islice(filter(None, texts), MOST_REASONS)) or None


def path_of(reference: str) -> str | None:
    """The path of a rule or package (`main/deny`), or None where the text is another query."""
    if _REFERENCE.fullmatch(reference.strip()) is None:
        return None
    return "/".join(name or quoted for name, quoted in _STEP.findall(reference))


def verdict_of(rule: str, value: Any) -> Verdict:  # noqa: ANN401 - JSON
    """What the value of a rule decides.

    Args:
        rule: its name, the last step of its path.
        value: of any kind; None where it is undefined.
    """
    if _DENIES.fullmatch(rule) or _WARNS.fullmatch(rule):
        return _of_rules({rule: value})
    if isinstance(value, dict):
        return _of_rules({name: one for name, one in value.items() if is_rule(name)})
    if isinstance(value, bool):
        return Verdict("allow" if value else "deny")
    if isinstance(value, str):
        return Verdict(_WORDS.get(value.strip().lower(), "undecided"))
    return Verdict("undecided")


def packages_in(
    path: tuple[str, ...], value: Any  # noqa: ANN401 - JSON
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:  # fmt: skip
    """Packages at and below a path that have rules which decide, in the order of the file."""
    if not isinstance(value, dict):
        return
    if any(is_rule(name) and _holds(name, one) is not None for name, one in value.items()):
        yield path, value
        return
    for name, one in value.items():
        yield from packages_in((*path, name), one)


def is_rule(name: str) -> bool:
    """Whether a rule of this name decides, by convention."""
    return name in _ALLOWS or bool(_DENIES.fullmatch(name) or _WARNS.fullmatch(name))


def _of_rules(rules: dict[str, Any]) -> Verdict:
    held = {name: holds for name, one in rules.items() if (holds := _holds(name, one)) is not None}
    said = {name: list(_said(rules[name])) for name in held if name not in _ALLOWS}
    if not held:
        return Verdict("undecided")
    if any(holds for name, holds in held.items() if _DENIES.fullmatch(name)):
        return Verdict("deny", said)
    if any(not holds for name, holds in held.items() if name in _ALLOWS):
        return Verdict("deny", said)
    if any(holds for name, holds in held.items() if _WARNS.fullmatch(name)):
        return Verdict("warn", said)
    return Verdict("allow", said)


def _holds(name: str, value: Any) -> bool | None:  # noqa: ANN401 - JSON
    """Whether a rule says something; None where its value is of no kind that says it."""
    if isinstance(value, bool):
        return value
    if name not in _ALLOWS and isinstance(value, list | dict):
        return bool(value)
    return None


def _said(value: Any) -> Iterator[Said]:  # noqa: ANN401 - JSON
    for one in value if isinstance(value, list | dict) else ():
        told = one.get("msg", one.get("message")) if isinstance(one, dict) else one
        if isinstance(told, str):
            yield Said(told, told)
        else:
            yield Said(json.dumps(one, sort_keys=True), None)
