"""Grants and withdraws credentials, each recorded in the ledger before it takes effect.

In that order, because a credential that works and stands nowhere is worse than a record of one
that never worked: who dies between the two runs the command again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from api.decisions import decide
from api.doors import APPROVERS
from api.naming import HERE
from domain.errors import NotFoundError, SettingError
from domain.people import account_of
from store.ledger.compromised import report_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from api.served import Served
    from domain.log.by import By
    from domain.log.emitter import EmitterKey
    from domain.log.key import Entropy
    from intake.sender import Sender
    from store.credentials import Credential, Role
    from store.ledger.rotating import Change
    from store.sources import Source

_CREDENTIAL: Final = re.compile("crd_[0-9a-f]{32}")
_SECRET_BYTES: Final = 32
_SHORTEST_SECRET: Final = 16


class Granting:
    """Grants for one ledger, in the name of whoever commands it."""

    def __init__(self, here: Served, by: By, at: datetime, entropy: Entropy) -> None:
        self._here = here
        self._by = by
        self._at = at
        self._entropy = entropy

    def token(
        self,
        role: Role,
        who: str,
        sources: tuple[str, ...] = (),
        expires: datetime | None = None,
        approves_as: tuple[str, ...] = (),
    ) -> str:
        """A new token's text, given here and never again.

        Args:
            role: what it may do.
            who: whose it is: a name, or an e-mail address, which is that address's person.
            sources: prefixes of event sources it may use; empty: any.
            expires: when it ends, or None.
            approves_as: roles in the organisation in which its bearer approves.

        Raises:
            SettingError: it says roles, and approves nothing.
        """
        if approves_as and role not in APPROVERS:
            raise SettingError(f"--approves-as: only a token of {' or '.join(APPROVERS)} approves")
        text, credential = self._here.tokens.draw(self._person(who), role, sources, expires)
        more = {"approves_as": list(approves_as)} if approves_as else {}
        self._record("token.issued", _described(credential) | more)
        self._here.tokens.keep(text, credential)
        return text

    def revoke_token(self, credential: str) -> None:
        """Make a token useless.

        Raises:
            NotFoundError: no valid token has this id.
        """
        self._here.tokens.check(credential)
        self._record("token.revoked", {"credential": credential})
        self._here.tokens.revoke(credential)

    def key(
        self,
        key: EmitterKey,
        who: str,
        sources: tuple[str, ...] = (),
        expires: datetime | None = None,
    ) -> Credential:
        """Let an emitter's key sign.

        Raises:
            ConflictError: it is, or was, enrolled.
        """
        self._here.emitters.check_free(key)
        credential = self._here.emitters.credential(self._person(who), sources, expires)
        more = {"algorithm": key.kind, "digest": key.key_id}
        self._record("key.enrolled", _described(credential) | more)
        self._here.emitters.enroll(key, credential)
        return credential

    def rotate(self, purpose: str, *, end: bool, signer: str | None = None) -> Change:
        """Begin to replace a key of the ledger itself, or end its old key.

        Args:
            purpose: `log` or `intake`.
            end: the successor has been published; the old key shall sign no more.
            signer: URI of a log key that lies elsewhere, or None.

        Raises:
            ConflictError: it is being replaced already, or is not.
            SettingError: a private half is not here.
        """
        rotating = self._here.ledger.rotating()
        change = rotating.end(purpose) if end else rotating.begin(purpose, signer)
        data = {
            "credential": change.old.id, "replaced_by": change.new.id, "purpose": purpose,
            "keys": [change.new.vkey()], "step": "ended" if end else "begun",
        }  # fmt: skip
        kind = "pipeledger.key.rotated.v1"
        decide(self._here.ledger, kind, data, self._by, self._at, self._entropy, change=change)
        rotating.tidy(purpose)
        return change

    def rotate_emitter(self, credential: str, key: EmitterKey) -> Credential:
        """Enroll another key for whoever has a valid one; the old one signs until it is revoked.

        Raises:
            NotFoundError: no valid key has this credential.
            ConflictError: the new key is, or was, enrolled.
        """
        emitters = self._here.emitters
        emitters.check(credential)
        emitters.check_free(key)
        (old,) = (one.credential for one in emitters.valid() if one.credential.id == credential)
        new = emitters.credential(old.principal, old.sources, old.expires)
        said = {"algorithm": key.kind, "digest": key.key_id}
        self._record("key.enrolled", _described(new) | said)
        self._record("key.rotated", {"credential": credential, "replaced_by": new.id})
        emitters.enroll(key, new)
        return new

    def revoke_key(self, which: str, since: int | None = None, reason: str | None = None) -> None:
        """Trust a key no more: an emitter's, a token, a source's, or one of the ledger itself.

        Args:
            which: credential, or id of a key of the ledger.
            since: the first position in doubt, where it was compromised.
            reason: why.

        Raises:
            NotFoundError: no such key is valid; one that was revoked may still be reported.
            SettingError: a key of the ledger is reported without saying since when.
        """
        own = {term.key.id for term in self._here.ledger.succession.terms}
        if which in own and since is None:
            raise SettingError("a key of the ledger ends by key rotate; say --compromised-since")
        ends = self._ending(which)
        if ends is None and which not in own and (since is None or not _is_credential(which)):
            raise NotFoundError(f"no valid key {which}")
        data = {"credential": which, "reason": reason, "compromised_from": since}
        tags = () if since is None else report_tags(which, since)
        self._record("key.revoked", {name: value for name, value in data.items() if value}, tags)
        if ends is not None:
            ends()

    def _ending(self, which: str) -> Callable[[], None] | None:
        """What makes a credential useless, if it is valid."""
        here = self._here
        if any(one.credential.id == which for one in here.emitters.valid()):
            return lambda: here.emitters.revoke(which)
        if any(one.id == which for one in here.tokens.valid()):
            return lambda: here.tokens.revoke(which)
        for one in here.sources.valid():
            if one.credential.id == which:
                name = one.name
                return lambda: here.sources.revoke(name)
        return None

    def source(
        self,
        name: str,
        kind: str,
        every_s: int | None = None,
        secret: str | None = None,
        incident_when: Mapping[str, str] | None = None,
    ) -> Source:
        """Let a system deliver by webhook; its secret is given here and never again.

        Args:
            name: in the address it delivers to.
            kind: of system.
            every_s: it is expected to deliver at least so often, in seconds; None: not expected.
            secret: that the system has made; None: one is made here.
            incident_when: fields of an alert and their values that make an incident of it.

        Raises:
            SettingError: the kind is unknown, the name none, or the secret missing or too short.
            ConflictError: the name is taken, or was.
        """
        from intake.registry import SENDERS  # noqa: PLC0415 - every format, for sources alone

        if kind not in SENDERS:
            raise SettingError(f"no such kind of source; known are {', '.join(sorted(SENDERS))}")
        shared = self._secret(SENDERS[kind], secret)
        workload = self._here.register.workload()
        source = self._here.sources.draw(name, kind, workload, shared, every_s)
        said = {"name": name, "kind": kind, "credential": source.credential.id}
        more = {"every_s": every_s, "incident_when": dict(incident_when or {})}
        self._record(
            "source.registered", said | {field: value for field, value in more.items() if value}
        )
        self._here.sources.keep(source)
        return source

    def _secret(self, sender: Sender, brought: str | None) -> str:
        if brought is not None:
            if len(brought) < _SHORTEST_SECRET:
                raise SettingError(f"a secret has {_SHORTEST_SECRET} characters at least")
            return brought
        if sender.new_secret is None:
            raise SettingError(f"{sender.title} makes the secret: add the webhook there, bring it")
        return sender.new_secret(self._entropy(_SECRET_BYTES))

    def revoke_source(self, name: str) -> None:
        """Take no more deliveries of a source.

        Raises:
            NotFoundError: there is none that may deliver.
        """
        source = self._here.sources.check(name)
        self._record("key.revoked", {"credential": source.credential.id})
        self._here.sources.revoke(name)

    def _person(self, who: str) -> str:
        # Named by an e-mail address, it is whoever commits and is mentioned by that address.
        (person,) = self._here.register.resolve([account_of(who, HERE)])
        return person

    def _record(self, kind: str, data: dict[str, Any], tags: Sequence[str] = ()) -> None:
        decide(
            self._here.ledger, f"pipeledger.{kind}.v1", data, self._by, self._at, self._entropy,
            tags=tags,
        )  # fmt: skip


def _is_credential(text: str) -> bool:
    return _CREDENTIAL.fullmatch(text) is not None


def _described(credential: Credential) -> dict[str, Any]:
    said = {
        "credential": credential.id,
        "principal": credential.principal,
        "role": credential.role,
        "expires": credential.expires and credential.expires.isoformat().replace("+00:00", "Z"),
    }
    return {name: value for name, value in said.items() if value}
