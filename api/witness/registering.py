"""Who the witnesses of a ledger are: a trust policy that commands write and people may edit.

The same file serves auditors: it names the log's key, the witnesses and how many are enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from api.witness.calling import WitnessAddress
from api.witness.cosigners import POLICY
from domain.errors import RefusedError, SettingError
from domain.log.cosignature import parse_witness_vkey
from domain.log.policy import Policy
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.ledger.opening import Place

_GROUP: Final = "witnesses-of-the-ledger"
_QUORUM: Final = re.compile(r"all|any|[1-9][0-9]{0,2}")


def add(policy: Policy, vkey: str, url: str) -> list[WitnessAddress]:
    """The witnesses, with another one.

    Raises:
        SettingError: key or address is wrong, or it is there.
    """
    try:
        key = parse_witness_vkey(vkey)
    except RefusedError as error:
        raise SettingError(f"VKEY: {error.reason}") from error
    members = _members(policy)
    if any(one.key.name == key.name or one.key.public == key.public for one in members):
        raise SettingError(f"the witness {key.name}, or its key, is there already")
    return [*members, WitnessAddress.of(key, url)]


def without(policy: Policy, called: str) -> list[WitnessAddress]:
    """The witnesses, but for one.

    Raises:
        SettingError: there is none of this name.
    """
    members = _members(policy)
    left = [one for one in members if one.key.name != called]
    if len(left) == len(members):
        raise SettingError(f"there is no witness {called}")
    return left


def least_of(policy: Policy, said: str | None) -> str:
    """How many are enough: what is said, else what the policy says, else any.

    Raises:
        SettingError: no number, `all` or `any`; or the policy was written by somebody else.
    """
    if said is not None:
        if _QUORUM.fullmatch(said) is None:
            raise SettingError("--quorum: expected all, any or a number")
        return said
    if policy.quorum is None:
        return "any"
    group = policy.groups.get(_GROUP.encode())
    if group is None or policy.quorum != _GROUP.encode():
        raise SettingError("the policy of witnesses was written by hand; edit it by hand")
    several = len(group.members) > 1
    return "all" if several and group.least == len(group.members) else str(group.least)


def write(place: Place, vkey: str, members: Sequence[WitnessAddress], least: str) -> None:
    """Write the policy.

    Raises:
        SettingError: it would be none.
    """
    lines = [f"log {vkey}"]
    lines += [f"witness {one.key.name} {one.key.vkey()} {one.url}" for one in members]
    if members:
        lines.append(f"group {_GROUP} {least} {' '.join(one.key.name for one in members)}")
    lines.append(f"quorum {_GROUP if members else 'none'}")
    raw = "".join(f"{line}\n" for line in lines).encode()
    try:
        Policy.parse(raw)
    except RefusedError as error:
        raise SettingError(f"not written: {error}") from error
    folder = place.folder / "witnesses"
    make_folder(folder)
    write_file(folder / POLICY, raw)


def _members(policy: Policy) -> list[WitnessAddress]:
    return [WitnessAddress.of(one.key, one.url) for one in policy.witnesses.values()]
