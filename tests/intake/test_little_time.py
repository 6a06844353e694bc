"""What is made to take long takes no longer than its bytes."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from domain.errors import RefusedError
from intake.registry import read_report

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CPU_S: Final = 3.0
"""Reading them takes a tenth of this; what grows with a square takes minutes."""


def json_of(value: object) -> bytes:
    """JSON without spaces, made quickly."""
    return msgspec.json.encode(value)


def sarif_of(result: dict[str, Any], times: int, **more: object) -> bytes:
    """A run of one tool, with a result so many times."""
    rules = [{"id": "A1"}, {"id": "C3"}]
    tool = {"driver": {"name": "Looker", "rules": rules}}
    run = {"tool": tool, "results": [result] * times, **more}
    return json_of({"version": "2.1.0", "runs": [run]})


def overrides() -> bytes:
    """Each result of an invocation that sets rules anew, many times."""
    override = {"descriptor": {"id": "A1"}, "configuration": {"level": "none"}}
    return sarif_of(
        {"ruleId": "C3", "provenance": {"invocationIndex": 0}}, 20_000,
        invocations=[{"ruleConfigurationOverrides": [override] * 20_000}],
    )  # fmt: skip


def hierarchy() -> bytes:
    """A rule below a rule below a rule."""
    return sarif_of({"ruleId": "a" + "/a" * 2**19}, 1)


def types() -> bytes:
    """A part of Checkmarx One for each result."""
    results = [{"type": f"t{number}", "severity": "LOW"} for number in range(20_000)]
    return json_of({"results": results, "totalCount": 20_000, "scanID": "s"})


def sixties() -> bytes:
    """A number of base 60 with many digits."""
    return b"apiVersion: v1\nkind: Pod\nmetadata: {name: 1" + b":1" * 500_000 + b"}\n"


def checksums() -> bytes:
    """A package with many checksums and references."""
    more = "PackageChecksum: SHA1: 0\nExternalRef: SECURITY cpe a\n" * 40_000
    return f"SPDXVersion: SPDX-2.3\nPackageName: a\n{more}".encode()


def creators() -> bytes:
    """A tool and a person whose names end many times."""
    told = f"Creator: Tool: a{'-1' * 60_000} x\nCreator: Person: a{' ' * 60_000}(x\n"
    return f"SPDXVersion: SPDX-2.3\n{told}PackageName: a\n".encode()


def described() -> bytes:
    """Values with many blanks, and many values below a long name."""
    blanks = f"a: b{' ' * 60_000}c\n" * 4
    below = f"{'a' * 2**20}:\n" + "  b: c\n" * 20_000
    return f"Kind: ChaosResult\n{blanks}{below}".encode()


def digests() -> bytes:
    """Many containers of an image with many digests."""
    container = {"Id": "c", "State": {"Running": True}, "Config": {"Image": "a"}, "Image": "i"}
    known = [f"a@sha256:{number:064x}" for number in range(5_000)]
    return json_of([container] * 5_000 + [{"Id": "i", "RepoDigests": known}])


def exponent() -> bytes:
    """An instant that takes a million digits to be written out."""
    return json_of({
        "issueId": "i", "id": "i", "issueUrl": "https://a.example/i", "state": "CREATED",
        "createdAt": "1e999000",
    })  # fmt: skip


def chart() -> bytes:
    """A chart whose name has many versions, and no end of one."""
    return json_of([{
        "revision": 1, "updated": "", "status": "deployed", "chart": "a" + "-1.1.1" * 20_000 + "\n",
        "app_version": "", "description": "",
    }])  # fmt: skip


def columns() -> bytes:
    """Many columns, and many lines that leave them out."""
    more = ",".join(f"c{number}" for number in range(20_000))
    head = f"Registry,Repository,Tag,Id,CVE ID,Severity,{more}\n"
    return (head + "r,a,1,i,CVE-1,low\n" * 4_000).encode()


def labels() -> bytes:
    """Many issues without a key, and many names of fields."""
    itself = "https://a.example/rest/api/2/issue/1"
    issue = {"self": itself, "fields": {}}
    names = {f"customfield_{number}": "Change risk" for number in range(5_000)}
    return json_of({"issues": [issue | {"key": "A-1"}] * 4_000, "names": names})


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sarif", overrides), ("sarif", hierarchy), ("checkmarx-one", types), ("argocd", sixties),
        ("spdx-tag-value", checksums), ("spdx-tag-value", creators),
        ("litmus-describe", described), ("docker-inspect", digests), ("new-relic", exponent),
        ("helm", chart), ("prisma-cloud-csv", columns), ("jira-issue", labels),
    ],
)  # fmt: skip
def test_a_file_takes_time_by_its_size(name: str, make: Callable[[], bytes]) -> None:
    """It is read or refused, and soon."""
    body = make()
    started = time.process_time()
    with suppress(RefusedError):
        read_report(body, name)
    assert time.process_time() - started < MAX_CPU_S
