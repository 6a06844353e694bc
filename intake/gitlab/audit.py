"""GitLab's audit events: streamed to an address, arrays of the API, lines of `audit_json.log`.

Of its some hundred types those are taken that no webhook tells and that a control asks for; the
file itself holds the others. An event names the path of a project or group and not the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.audit_structure import AuditEvent, Details
from intake.gitlab.audit_types import (
    APPROVALS,
    BRANCHES,
    ELEVATIONS,
    EVERY_BRANCH,
    GRANTS,
    LOGINS,
    REVOCATIONS,
    SECRETS,
    SETTINGS,
    SWITCHES,
    TEXTS,
    VISIBILITIES,
)
from intake.gitlab.common import SYSTEM, user
from intake.instant import told_time
from intake.json_body import read_all
from intake.order import by_time
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_EMPTY: Final = Details()
_MARKS: Final = frozenset({"author_id", "entity_id", "entity_type"})
_WITH_PATH: Final = frozenset({"Project", "Group"})


def claims(shape: Shape) -> bool:
    """Objects with an author's and an entity's id, the entity's type, and a time."""
    told = shape.object.keys()
    return told >= _MARKS and bool({"created_at", "time"} & told)


def read(body: bytes) -> list[Reading]:
    """The readings of the events that have an event type here.

    Raises:
        RefusedError: no audit events; the place is named.
        TooLargeError: a limit was passed.
    """
    events = read_all(body, AuditEvent)
    found = (_Told(event).reading() for event in events)
    return by_time([one for one in found if one is not None])


class _Told:
    """One event with its details, which stand beside the other members or below `details`."""

    def __init__(self, event: AuditEvent) -> None:
        self._event = event
        self._details = event.details or _EMPTY
        change = self.text("change")
        self.type = event.event_type or TEXTS.get(change or "") or ""

    def text(self, name: str) -> str | None:
        """A member that is a text or a number, as one line."""
        for where in (self._event, self._details):
            value = getattr(where, name, None)
            if isinstance(value, str | int) and not isinstance(value, bool):
                return named(str(value))
        return None

    def switch(self, name: str) -> bool | None:
        """A member that is a switch, also one written as a text."""
        for where in (self._event, self._details):
            value = getattr(where, name, None)
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower() == "true"
        return None

    @property
    def path(self) -> str | None:
        """The path of the project or group; that of a user is a name, and is not taken."""
        kind = self.text("entity_type")
        if kind not in _WITH_PATH:
            return None
        found, number = self.text("entity_path"), self.text("entity_id")
        same = (self.text("target_type"), self.text("target_id")) == (kind, number)
        return found or (self.text("target_details") if same else None)

    @property
    def target(self) -> str:
        """The entity by its path, else by type and number."""
        kind, number = self.text("entity_type"), self.text("entity_id")
        return self.path or named(f"{kind}/{number}") or SYSTEM

    def person(self) -> dict[str, Any] | None:
        """Whoever the target is, where it is a user."""
        if self.text("target_type") != "User":
            return None
        number = self.text("target_id")
        account = int(number) if number is not None and number.isdecimal() else None
        return user(None, None, self.text("target_details"), account)

    def author(self) -> dict[str, Any] | None:
        """Who did it; keys, tokens and strangers have a class, or a number below 1."""
        event = self._event
        if event.author_id is None or event.author_id < 1:
            return None
        if self.text("author_class") not in (None, "User"):
            return None
        login = self.text("user") if event.user_id == event.author_id else None
        email = self.text("author_email")
        return user(login, email, self.text("author_name"), event.author_id)

    def reading(self) -> Reading | None:
        """The reading, or None where the vocabulary has no fact for it."""
        for read_one in (_member, _right, _elevation, _secret, _protection, _approval, _login,
                         _visibility):  # fmt: skip
            found = read_one(self)
            if found is not None:
                return self._made(*found)
        return None

    def _made(self, what: str, data: dict[str, Any]) -> Reading:
        event = self._event
        # The line's own time is when it was written.
        told = told_time(event.created_at) or told_time(event.time)
        number = event.id if isinstance(event.id, str | int) else None
        common = {
            "repository": self.path if event.entity_type == "Project" else None,
            "actor": self.author(),
            "audit": named(str(number)) if number is not None else None,
            "reported_outcome": named(self.type),
        }
        found = common | data
        return Reading(
            type=f"pipeledger.{what}.v1",
            kind=self.type or None,
            time=told.time if told else None,
            local_time=told.local if told else None,
            data={name: value for name, value in found.items() if value is not None},
        )


_Found = tuple[str, dict[str, Any]] | None


def _member(told: _Told) -> _Found:
    """Somebody's membership of a project or group; event types came with GitLab 15.9."""
    added, removed = told.text("add") == "user_access", told.text("remove") == "user_access"
    changed = told.text("change") == "access_level"
    if not (added or removed or changed) or told.person() is None:
        return None
    until = told_time(told.text("expiry_to"))
    return "access.revoked" if removed else "access.granted", {
        "target": told.target,
        "subject": told.person(),
        "role": told.text("access") if added else told.text("after") if changed else None,
        "until": until.time if until and not removed else None,
    }  # fmt: skip


def _right(told: _Told) -> _Found:
    """A right of somebody else than a member: a user of the instance, a group invited."""
    switched = told.switch("after") if told.type in SWITCHES else None
    given = told.type in GRANTS or switched is True
    if not given and told.type not in REVOCATIONS and switched is not False:
        return None
    group = told.text("target_details") if told.text("target_type") == "Group" else None
    return "access.granted" if given else "access.revoked", {
        "target": told.target if group is not None else SYSTEM,
        "subject": told.person(),
        "group": group,
        "role": SWITCHES.get(told.type),
    }  # fmt: skip


def _elevation(told: _Told) -> _Found:
    """Somebody acted as somebody else, as an administrator, or around a policy."""
    if told.type not in ELEVATIONS:
        return None
    message = told.text("custom_message") or ""
    if told.type == "user_impersonation" and not message.startswith("Started"):
        return None
    return "access.elevated", {
        "target": told.target,
        "subject": told.author(),
        "role": told.type,
        "break_glass": ELEVATIONS[told.type] or None,
    }


def _secret(told: _Told) -> _Found:
    """A token, key or variable; its value stands in no audit event, and none is read."""
    what = SECRETS.get(told.type)
    kind = told.text("target_type")
    name = told.text("target_details") or told.text("target_id")
    if what is None or name is None:
        return None
    data: dict[str, Any] = {
        "path": f"{told.target}#{kind}/{name}" if kind else f"{told.target}#{name}",
        "system": SYSTEM,
    }
    if what == "secret.accessed":
        data["accessor"] = told.author()
    return what, data


def _protection(told: _Told) -> _Found:
    """The protection of one branch, or how the merge requests of a project must be approved."""
    name = told.text("target_details")
    if told.type in BRANCHES and name is not None:
        ref, (action, weaker) = f"refs/heads/{name}", BRANCHES[told.type]
    elif told.type in SETTINGS and told.text("entity_type") == "Project":
        ref, action = EVERY_BRANCH, SETTINGS[told.type]
        # Each prevents or requires something, as GitLab tells it; the rest is no switch.
        weaker = False
    else:
        return None
    after = told.switch("after")
    return "protection.changed", {
        "repository": told.target,
        "ref": ref,
        "rule": told.type,
        "action": action,
        "weakened": after is weaker if weaker is not None and after is not None else None,
    }


def _approval(told: _Told) -> _Found:
    """A deployment to a protected environment was approved or refused."""
    verdict = APPROVALS.get(told.type)
    number = told.text("id") or told.text("target_id")
    if verdict is None or number is None:
        return None
    place = told.text("target_details") if told.text("target_type") == "Environment" else None
    return "approval.reported", {
        "approval": f"audit/{number}",
        "verdict": verdict,
        "approver": told.author(),
        "environment": place,
        "environments": [place] if place else None,
        "system": SYSTEM,
    }


def _login(told: _Told) -> _Found:
    """Somebody could not log in."""
    if told.type not in LOGINS and told.text("failed_login") is None:
        return None
    return "login.failed", {
        "target": SYSTEM,
        "subject": told.person() or user(None, None, told.text("author_name"), None),
        "actor": None,
    }


def _visibility(told: _Told) -> _Found:
    """A project or group was opened to more people, or to fewer."""
    if told.text("change") not in ("visibility", "visibility_level"):
        return None
    before, after = told.text("before"), told.text("after")
    if before not in VISIBILITIES or after not in VISIBILITIES or before == after:
        return None
    wider = VISIBILITIES[after] > VISIBILITIES[before]
    return "access.granted" if wider else "access.revoked", {
        "target": told.target,
        "role": after if wider else before,
        "visibility": after,
    }


FORMAT: Final = Format(
    "gitlab-audit-events", "GitLab audit events", "application/json", claims, read
)
