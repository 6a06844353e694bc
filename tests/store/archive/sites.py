"""Servers' data folders, each with a database of its own, and a ledger that has a bit of all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.granting import Granting
from api.host import Host, Settings, now
from api.moving import bring_in, write_out
from domain.draft import Draft, SealedPart
from domain.log.emitter import EmitterKey
from domain.log.part import Part
from domain.people import Account
from store.ledger.group import Appended
from store.ledger.guard import FileGuard
from store.ledger.ledger import SERVER
from store.ledger.opening import examine
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.served import Served
    from store.archive.manifest import Manifest
    from tests.conftest import Server

ORIGIN = "ledger.example/moving"
LONG = b'{"long":"' + b"x" * 100_000 + b'"}'
SECRET_TEXT = b"a text about anna@example.org"


@contextlib.contextmanager
def site(server: Server, folder: Path) -> Iterator[Host]:
    """A data folder that uses a new database of this server."""
    for conninfo in server.fresh():
        with Host(Settings(folder / "data", conninfo)) as host:
            yield host


def texted(here: Served, number: int, body: bytes) -> Draft:
    """A draft with a text that is sealed for a person."""
    (anna,) = here.register.resolve([Account(email="anna@example.org")])
    plain = draft(number)
    part = Part("text", "text/plain", body, os.urandom(32))
    return Draft(
        type=plain.type, version=1, assurance=plain.assurance, by=plain.by, streams=plain.streams,
        tags=plain.tags, event=plain.event, parts=(SealedPart(part, (anna,)),),
        delivery=plain.delivery, time=plain.time,
    )  # fmt: skip


def fill(host: Host) -> None:
    """Make ledger `moving`: over a full tile, documents, sealed texts, people, a redaction."""
    host.create("moving", ORIGIN)
    here = host.open("moving")
    grants = Granting(here, SERVER, now(), os.urandom)
    grants.token("operator", "ada")
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    grants.key(EmitterKey.parse(pem), "ci")
    grants.source("hub", "github")
    for start in range(0, 300, 100):
        here.ledger.submit([draft(number) for number in range(start, start + 100)]).result(60)
    here.ledger.submit([
        draft(500, body=LONG), draft(501, body=LONG + b" "),
        texted(here, 502, SECRET_TEXT), texted(here, 503, SECRET_TEXT * 3000),
    ]).result(60)  # fmt: skip
    (gone,) = here.register.resolve([Account(email="lee@example.org")])
    here.register.erase(gone)
    here.close()


def findings(host: Host, name: str = "moving") -> list[str]:
    """What fsck says of damage."""
    found = examine(name, host.origin(name), host.place(name), host.surroundings(name))
    return [str(one) for one in found if one.damage]


def export(host: Host, target: Path, name: str = "moving") -> Path:
    """Export a ledger with its keys beside; gives the folder."""
    target.mkdir(parents=True)
    write_out(host, name, target, target.with_suffix(".keys"))
    return target


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def bring(host: Host, source: Path, name: str = "moving") -> Manifest:
    """Import an export whose keys lie beside it."""
    return bring_in(host, name, source, source.with_suffix(".keys"))


def nothing_there(host: Host) -> bool:
    """Whether a server has neither ledger, schema, folder nor guarded checkpoint."""
    with host.database.connect() as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(ledger|import)_'"
        ).fetchall()
    folder = host.settings.data / "ledgers"
    left = list(folder.iterdir()) if folder.exists() else []
    return not (schemas or left or FileGuard(host.settings.guards / "moving").read())


def kept(host: Host, *numbers: int) -> list[Appended]:
    """What becomes of drafts sent to an imported ledger."""
    here = host.open("moving")
    try:
        batch = here.ledger.submit([draft(number) for number in numbers]).result(60)
    finally:
        here.close()
    return [one for one in batch.outcomes if isinstance(one, Appended)]
