"""Requests that a foreign tool makes up from the description of the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serving import event, serving
from tests.tools.environments import prepare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "unsupported_method", "ignored_auth",
)  # fmt: skip
_FOR_S = 180


def test_no_generated_request_is_an_error_of_the_server(tmp_path: Path) -> None:
    """No 5xx, and nothing is answered that the description does not say, with a token or without.

    Valid and invalid values for every parameter and field of every route, and random ones.
    """
    schemathesis = prepare("schemathesis")
    (tmp_path / "schemathesis.toml").write_text('[parameters]\n"path.ledger" = "default"\n')
    with serving(tmp_path / "data") as server:
        with server.http() as http:
            for number in range(3):
                assert http.post("/events", json=event(number)).status_code == 201
        said = schemathesis.run(
            "schemathesis", "run", f"{server.url}/openapi.json",
            "--header", f"Authorization: Bearer {server.token}",
            "--phases", "coverage,fuzzing", "--checks", ",".join(_CHECKS),
            "--max-examples", "20", "--max-time", str(_FOR_S), "--seed", "1", "--no-shrink",
            "--request-timeout", "60",
            "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off",
            at=tmp_path,
        )  # fmt: skip
        with server.http() as http:
            assert http.get("/log/checkpoint").status_code == 200
    assert "No issues found" in said
