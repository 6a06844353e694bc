"""A server with several people, who ask each other for approvals."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from api.cli import cli
from tests.serving import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CANARY = "quetzal"
REASON = f"Asked for by {CANARY}@example.com"
DIGEST = "sha256:" + "5" * 64
IMAGE = {"kind": "artifact", "digest": DIGEST}
REPOSITORY = "https://code.example/acme/shop"


@dataclass
class House:
    """A server and the tokens of its people.

    Attributes:
        server: it; its own token is the first operator's.
        ann: an emitter.
        bob: an approver.
        cem: another one, who approves as `security`.
        dee: a second operator.
        eve: an auditor.
    """

    server: Running
    ann: str
    bob: str
    cem: str
    dee: str
    eve: str

    def post(self, who: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Somebody commands something."""
        with self.server.http(who) as http:
            return http.post(path, json=body)

    def get(self, who: str, path: str) -> dict[str, Any]:
        """Somebody looks at something."""
        with self.server.http(who) as http:
            answer = http.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def data(self, position: int) -> dict[str, Any]:
        """The data of an entry."""
        return dict(self.get(self.eve, f"/entries/{position}")["event"]["data"])

    def request(self, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Ann asks; the approval's id."""
        answer = self.post(self.ann, "/approvals", {"subjects": [IMAGE]} | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["approval"])

    def send(self, kind: str, **data: Any) -> None:  # noqa: ANN401 - JSON
        """An emitter tells something."""
        event = {
            "specversion": "1.0", "id": f"{kind}-{json.dumps(data)}", "source": REPOSITORY,
            "type": f"pipeledger.{kind}.v1", "time": "2026-01-01T11:00:00Z", "data": data,
        }  # fmt: skip
        answer = self.post(self.ann, "/events", event)
        assert answer.status_code == 201, answer.text

    def check(self) -> None:
        """All of it is sound by the ledger's own check; names and words stand in no entry."""
        assert self.server.administer("fsck", "--ledger", "default") == "sound\n"
        with self.server.http(self.ann) as http:
            raw = http.get(
                "/entries", headers={"Accept": "application/x-ndjson"}, params={"limit": 999}
            )
        entries = [base64.b64decode(json.loads(line)["entry"]) for line in raw.text.splitlines()]
        assert len(entries) > 5
        assert [one for one in entries if CANARY.encode() in one or b"@example" in one] == []


@contextmanager
def inhabited(data: Path) -> Iterator[House]:
    """A house whose ledger lies in a folder."""
    with serving(data) as running:

        def token(role: str, name: str, *more: str) -> str:
            return command(running, "token", "create", "--role", role, "--name", name, *more)

        yield House(
            running, token("emitter", "ann"), token("approver", "bob"),
            token("approver", "cem", "--approves-as", "security"), token("operator", "dee"),
            token("auditor", "eve"),
        )  # fmt: skip


def command(server: Running, *words: str, token: str | None = None) -> str:
    """What the server's command prints, on the data of a running server."""
    done = CliRunner().invoke(
        cli, [*words, "--data", str(server.data)], env={"PIPELEDGER_TOKEN": token}
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout.strip()
