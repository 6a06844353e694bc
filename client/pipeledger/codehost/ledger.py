"""What the ledger has of a repository, by the tags and streams of its entries.

Tags and streams are enough, so a token that may not read events can compare.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.codehost.thing import CHANGE, COMMIT, DEPLOYMENT, RELEASE, Thing
from pipeledger.errors import AwayError
from pipeledger.instant import written
from pipeledger.transport import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeledger.codehost.thing import Window
    from pipeledger.transport import Transport

TYPES = {
    COMMIT: "pipeledger.commit.pushed",
    CHANGE: "pipeledger.change.merged",
    DEPLOYMENT: "pipeledger.deployment.*",
    RELEASE: "pipeledger.release.created",
}
PAGE = 1000
_PERSON = re.compile(r"(?:per|wkl)_[0-9a-f]{32}")
_TAG = re.compile(r"[!#-\[\]-~]{1,200}")
_DIGESTED = re.compile(r"~[0-9a-f]{32}")
_COMPONENT = re.compile(r"[A-Za-z0-9._:+-]{1,100}")


class Known:
    """What the ledger has of one repository."""

    def __init__(self, transport: Transport, address: str, window: Window) -> None:
        """Name it; nothing is asked for yet.

        Args:
            transport: to the ledger.
            address: of the repository.
            window: what is compared.
        """
        self._transport = transport
        self._address = address
        self._window = window
        self._things: set[tuple[str, ...]] = set()
        self._inside: set[tuple[str, str]] = set()
        self._read: set[str] = set()
        self._delivered: set[str] = set()

    def load(self, kinds: list[str]) -> None:
        """Read what stands under the repository's address.

        Raises:
            AwayError: the ledger does not answer.
            ClientError: it refuses.
        """
        self._load(_tag("repository", self._address), kinds)

    def has(self, thing: Thing, kinds: list[str]) -> bool:
        """Whether the ledger has it, under whatever address.

        Raises:
            AwayError: the ledger does not answer.
            ClientError: it refuses.
        """
        if self._knows(thing):
            return True
        for commit in thing.commits:
            for entry in self._entries({"tag": _tag("commit", commit), "type": TYPES[thing.kind]}):
                self._keep(entry)
                for tag in entry["tags"]:
                    if self._is_ours(tag) and tag not in self._read:
                        self._load(tag, kinds)
        return self._knows(thing)

    def inside(self) -> set[tuple[str, str]]:
        """Kind and id of what the ledger heard from the code host as of this window."""
        return set(self._inside)

    def _knows(self, thing: Thing) -> bool:
        keys: list[tuple[str, ...]] = [(thing.kind, component(thing.id))]
        if thing.kind == DEPLOYMENT:
            place = _tag("environment", thing.environment)
            keys += [(thing.kind, _tag("commit", one), place) for one in thing.commits]
        elif thing.kind != RELEASE:
            keys += [(thing.kind, _tag("commit", one)) for one in thing.commits]
        return not self._things.isdisjoint(keys)

    def _load(self, tag: str, kinds: list[str]) -> None:
        self._read.add(tag)
        # The source of a code host's own delivery is the repository.
        source = sha256(tag.partition(":")[2].encode()).hexdigest()[:16]
        self._delivered.add(f"{DEPLOYMENT}/{source}.")
        query: dict[str, str | list[str]] = {"tag": tag, "type": [TYPES[one] for one in kinds]}
        times: dict[str, str | list[str]] = {
            "from": written(self._window.since),
            "to": written(self._window.until),
        }
        for entry in self._entries(query | times):
            self._inside |= self._keep(entry)
        if RELEASE in kinds:
            # A release has no commit to be looked up by, and there are few.
            for entry in self._entries({"tag": tag, "type": TYPES[RELEASE]}):
                self._keep(entry)

    def _keep(self, entry: dict[str, Any]) -> set[tuple[str, str]]:
        """Remember an entry by all names of it; those by which the code host may know it."""
        kind = _kind(entry["type"])
        if kind is None:
            return set()
        tags = [tag for tag in entry["tags"] if tag.startswith("commit:")]
        places = [tag for tag in entry["tags"] if tag.startswith("environment:")]
        if kind == DEPLOYMENT:
            self._things |= {(kind, tag, place) for tag in tags for place in places}
        else:
            self._things |= {(kind, tag) for tag in tags}
        names = {(kind, one) for one in _identities(kind, entry["streams"])}
        self._things |= names
        # Others deploy by other means, too: only what the host itself delivered must be there.
        heard = kind != DEPLOYMENT or (
            entry["how"] == "webhook"
            and any(name.startswith(tuple(self._delivered)) for name in entry["streams"])
        )
        return names if heard else set()

    def _is_ours(self, tag: str) -> bool:
        """Whether a tag is the repository's address, with an id in the place of a person's name."""
        kind, _, value = tag.partition(":")
        if kind != "repository" or _PERSON.search(value) is None:
            return False
        pattern = ".+".join(re.escape(piece) for piece in _PERSON.split(value))
        return re.fullmatch(pattern, self._address, re.IGNORECASE) is not None

    def _entries(self, query: dict[str, str | list[str]]) -> Iterator[dict[str, Any]]:
        after = 0
        while True:
            page = query | {"limit": str(PAGE), "after": str(after)}
            answer = self._transport.request("GET", "entries", query=page)
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise refusal(answer)
            said = answer.object()
            yield from _checked(said.get("entries"))
            following = said.get("next")
            if not isinstance(following, int) or following <= after:
                return
            after = following


def component(value: str) -> str:
    """A value as it stands in the name of a stream."""
    return value if _COMPONENT.fullmatch(value) else _digest(value)


def _tag(kind: str, value: str) -> str:
    fits = _TAG.fullmatch(value) and not _DIGESTED.fullmatch(value)
    return f"{kind}:{value if fits else _digest(value)}"


def _digest(value: str) -> str:
    return "~" + sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _kind(name: str) -> str | None:
    for kind, wanted in TYPES.items():
        if name == wanted or (wanted.endswith(".*") and name.startswith(wanted[:-1])):
            return kind
    return None


def _identities(kind: str, streams: list[str]) -> Iterator[str]:
    """Ids in names of streams: `change/h.7`, `deployment/h.41`, `release/shop@1.4.0`."""
    for name in streams:
        family, _, rest = name.partition("/")
        if family == kind and kind != COMMIT:
            yield rest.rpartition("@")[2] if kind == RELEASE else rest.partition(".")[2]


def _checked(found: object) -> Iterator[dict[str, Any]]:
    try:
        for one in found if isinstance(found, list) else ():
            yield {
                "type": str(one["type"]),
                "tags": [str(tag) for tag in one["tags"]],
                "streams": [str(stream["name"]) for stream in one["streams"]],
                "how": str(one["by"]["how"]),
            }
    except (KeyError, TypeError):
        raise AwayError("what answered is no ledger: no entries as it shows them") from None
    if not isinstance(found, list):
        raise AwayError("what answered is no ledger: it shows no entries")
