"""Slack: somebody pressed a button that approves or refuses.

Slack knows no approvals; an app's message has buttons, and what they are called is all there is. A
press is an approval only where its words say so: those of the button's name, id, value or text. The
token, the addresses to answer to and the state of forms are not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_epoch
from intake.json_body import read_fields
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import Stamped
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_SYSTEM: Final = "slack"
_TYPES: Final = ("interactive_message", "block_actions")
_MARKS: Final = frozenset({"type", "user", "actions"})
_APPROVES: Final = frozenset({"approve", "approves", "approved"})
_REFUSES: Final = frozenset({
    "reject", "rejected", "deny", "denied", "decline", "declined", "disapprove", "disapproved",
})  # fmt: skip
_ASKS: Final = frozenset({"approval", "approvals", "judgment", "judgement"})
_NEGATIONS: Final = frozenset({
    "not", "don", "dont", "cannot", "never", "without",
    # What takes an answer back, puts it off or shows it is called after it, and is none.
    "undo", "unapprove", "revoke", "retract", "withdraw", "later", "remind", "snooze", "skip",
    "view", "show", "details",
})  # fmt: skip
# These are answers only to what is called an approval: many a button says Continue.
_ANSWERS: Final = {
    "yes": "approved", "true": "approved", "accept": "approved", "allow": "approved",
    "proceed": "approved", "continue": "approved", "go": "approved",
    "no": "rejected", "false": "rejected", "refuse": "rejected", "stop": "rejected",
    "abort": "rejected", "cancel": "rejected",
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST_TEXT: Final = 200
_MOST: Final = 100


class _Option(msgspec.Struct, gc=False):
    value: str | None = None
    text: Any = None


class _Action(msgspec.Struct, gc=False):
    """A button that was pressed, or an option that was chosen."""

    name: str | None = None
    action_id: str | None = None
    block_id: str | None = None
    value: str | None = None
    text: Any = None
    action_ts: str | None = None
    selected_option: _Option | None = None
    selected_options: list[_Option] | None = None


class _Account(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    username: str | None = None


class _Place(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    domain: str | None = None


class _Attachment(msgspec.Struct, gc=False):
    text: str | None = None
    fallback: str | None = None


class _Message(msgspec.Struct, gc=False):
    text: str | None = None
    ts: str | None = None
    attachments: list[_Attachment] | None = None


class _Container(msgspec.Struct, gc=False):
    message_ts: str | None = None


class _Payload(msgspec.Struct, gc=False):
    """An interaction."""

    type: str
    callback_id: str | None = None
    user: _Account | None = None
    team: _Place | None = None
    channel: _Place | None = None
    container: _Container | None = None
    message: _Message | None = None
    original_message: Any = None
    message_ts: str | None = None
    action_ts: str | None = None
    actions: list[_Action] | None = None


def claims(shape: Shape) -> bool:
    """An interaction with what was pressed, by whom."""
    return (shape.members or {}).keys() >= _MARKS and shape.text("type") in _TYPES


def kind_of(shape: Shape) -> str | None:
    """The type of an interaction."""
    return shape.text("type")


def read(body: bytes) -> list[Reading]:
    """The readings of an interaction; none where its words say nothing of an approval.

    Raises:
        RefusedError: no interaction; the place is named.
        TooLargeError: a limit was passed.
    """
    payload = read_fields(body, _Payload)
    user = payload.user or _Account()
    who = person_of(_SYSTEM, login=user.username or user.name, account=user.id)
    if who is None:
        return []
    return [
        reading for action in (payload.actions or ())[:_MOST]
        if (reading := _reading(payload, action, who)) is not None
    ]  # fmt: skip


def _reading(payload: _Payload, action: _Action, who: dict[str, Any]) -> Reading | None:
    verdict = _verdict(action)
    approval = _identity(payload, action)
    if verdict is None or approval is None:
        return None
    team, channel = payload.team or _Place(), payload.channel or _Place()
    told, word = verdict
    data = {
        "approval": approval,
        "verdict": told,
        "approver": who,
        "actor": who,
        "system": _SYSTEM,
        "tool": "Slack",
        "reported_outcome": word,
        "target": named(channel.name) or named(channel.id),
        "workspace": named(team.domain) or named(team.id),
        "reason": _asked(payload),
    }
    at = told_epoch(action.action_ts) or told_epoch(payload.action_ts)
    return fact("approval.reported", at, data, kind=payload.type)


def _identity(payload: _Payload, action: _Action) -> str | None:
    """What was asked: by the message that asks, after what the app calls it.

    An app may call all that it asks the same.
    """
    message = payload.message or _Message()
    container = payload.container or _Container()
    stamp = payload.message_ts or container.message_ts or message.ts
    channel = payload.channel.id if payload.channel else None
    if stamp is None or channel is None:
        return named(payload.callback_id)
    return named("/".join(filter(None, (payload.callback_id, channel, stamp, action.block_id))))


def _verdict(action: _Action) -> tuple[str, str] | None:
    """What the press says and the word that says it; None where none does, or both."""
    names = {word for text in (action.name, action.action_id) for word in _words(text)}
    for text in _said(action):
        words = _words(text)
        if _NEGATIONS & set(words):
            return None
        found = {word: "approved" for word in words if word in _APPROVES}
        found |= {word: "rejected" for word in words if word in _REFUSES}
        if not found and names & (_ASKS | _APPROVES):
            found = {word: _ANSWERS[word] for word in words if word in _ANSWERS}
        verdicts = set(found.values())
        if len(verdicts) == 1:
            return verdicts.pop(), next(iter(found))
    return None


def _said(action: _Action) -> Iterator[str | None]:
    """What people see comes first; an id may name both."""
    chosen = [action.selected_option, *(action.selected_options or ())]
    for one in chosen:
        if one is not None:
            yield _shown(one.text)
            yield one.value
    yield _shown(action.text)
    yield action.value
    yield action.action_id
    yield action.name


def _shown(text: object) -> str | None:
    told = text.get("text") if isinstance(text, dict) else text
    return told if isinstance(told, str) else None


def _words(text: str | None) -> list[str]:
    """Words in lower case; of long texts the first."""
    return [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", (text or "")[:_MOST_TEXT]))]


def _asked(payload: _Payload) -> str | None:
    """The message that has the buttons."""
    message = payload.message
    if message is None and isinstance(payload.original_message, dict):
        try:
            message = msgspec.convert(payload.original_message, _Message)
        except msgspec.ValidationError:
            return None
    if message is None:
        return None
    first = message.attachments[0] if message.attachments else _Attachment()
    return message.text or first.text or first.fallback or None


FORMAT: Final = Format("slack", "Slack interactions", "application/json", claims, read)
SENDER: Final = Sender(
    name="slack",
    title="Slack",
    scheme=Stamped(
        header="x-slack-signature",
        stamp="x-slack-request-timestamp",
        begins="v0:",
        prefix="v0=",
        enter="the app's Interactivity & Shortcuts: Request URL as above (or where your app's own "
        "handler passes requests on, as they came); the secret is the app's Signing Secret",
    ),
    formats=(FORMAT,),
    kind_of=kind_of,
    new_secret=None,
)
