"""OpenVEX: statements whether vulnerabilities affect products, from its first version to 0.2.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.person import mailbox_of, person_of
from intake.purl import artifact_named, purl_of
from intake.report import Format, Reading, fact
from intake.rows import Rows, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_CONTEXT: Final = "https://openvex.dev/ns"
_VERSION: Final = re.compile(r"/v?(\d+(?:\.\d+){1,2})$")
_NO_ADDRESS: Final = re.compile(r"[ <]")
_MOST: Final = 1000
_DIGEST: Final = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}


class _Statement(msgspec.Struct, gc=False):
    """A statement; what people wrote in it is not read."""

    vulnerability: Any = None
    products: list[Any] | None = None
    status: str | None = None
    justification: str | None = None


class _Document(msgspec.Struct, gc=False):
    context: str = msgspec.field(name="@context")
    statements: list[_Statement] | None = None
    id: str | None = msgspec.field(name="@id", default=None)
    author: str | None = None
    timestamp: str | None = None
    last_updated: str | None = None
    tooling: str | None = None


def claims(shape: Shape) -> bool:
    """The context of OpenVEX."""
    told = shape.members or {}
    return "statements" in told and (shape.text("@context") or "").startswith(_CONTEXT)


def read(body: bytes) -> list[Reading]:
    """The reading of a document.

    Raises:
        RefusedError: no such document; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, _Document)
    rows, counts, products = Rows("statements"), dict[str, int](), set[str]()
    for one in told.statements or ():
        state = named(one.status) or "not_stated"
        counts[state] = counts.get(state, 0) + 1
        affects = [name for name, _ in _products(one)]
        products |= {f"{name}\n{digest or ''}" for name, digest in _products(one)}
        rows.add({
            "vulnerability": _vulnerability(one.vulnerability),
            "aliases": _aliases(one.vulnerability) or None,
            "state": state,
            "justification": named(one.justification),
            "affects": affects or None,
        })  # fmt: skip
    document = rows.document()
    version = _VERSION.search(told.context)
    data = {
        "kind": "vex",
        "format": "OpenVEX",
        "format_version": version[1] if version else None,
        "serial": named(told.id),
        "actor": _author(told.author),
        "tool": named(told.tooling),
        "artifact": _alone(products),
        "counts": dict(sorted(counts.items())[:100]),
        "statements": document.digest if document else None,
    }
    made = told_time(told.last_updated) or told_time(told.timestamp)
    return [fact("artifact.described", made, data, documents=(document,))]


def _vulnerability(told: object) -> str | None:
    """Its name; the first version has it as a text."""
    if isinstance(told, dict):
        told = told.get("name") or told.get("@id")
    return named(told) if isinstance(told, str) else None


def _aliases(told: object) -> list[str]:
    several = told.get("aliases") if isinstance(told, dict) else None
    texts = several if isinstance(several, list) else []
    return [name for one in texts[:_MOST] if isinstance(one, str) and (name := named(one))]


def _products(statement: _Statement) -> Iterator[tuple[str, str | None]]:
    """Products by their package URL or id, with the digest that is told beside it."""
    for one in (statement.products or ())[:_MOST]:
        told = one if isinstance(one, dict) else {"@id": one}
        identifiers, hashes = told.get("identifiers"), told.get("hashes")
        purl = identifiers.get("purl") if isinstance(identifiers, dict) else None
        text = purl if isinstance(purl, str) else told.get("@id")
        name = purl_of(text) if isinstance(text, str) else None
        if name is not None:
            yield name, _digest(hashes) if isinstance(hashes, dict) else None


def _digest(hashes: dict[str, Any]) -> str | None:
    for name, algorithm in _DIGEST.items():
        value = hashes.get(name)
        if isinstance(value, str):
            return f"{algorithm}:{value.lower()}"
    return None


def _alone(products: set[str]) -> dict[str, Any] | None:
    """The product, where all statements are about one."""
    if len(products) != 1:
        return None
    name, _, digest = products.pop().partition("\n")
    artifact = artifact_named(name)
    told = artifact_named(digest) if digest else None
    if artifact is not None and told is not None and "digest" in told:
        artifact["digest"] = told["digest"]
    return artifact


def _author(text: str | None) -> dict[str, Any] | None:
    """Who says so: a person, or an organisation, which nothing tells apart."""
    if text is not None and "@" in text and not _NO_ADDRESS.search(text.strip()):
        return person_of("openvex", email=text)
    return mailbox_of("openvex", text)


FORMAT: Final = Format("openvex", "OpenVEX", "application/json", claims, read)
