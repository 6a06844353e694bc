"""What a run was given and made, by the names that Tekton Chains gives a meaning.

See "Type hinting" of its documentation: `*CHAINS-GIT_COMMIT` and `*CHAINS-GIT_URL`, `*IMAGE_URL`
and `*IMAGE_DIGEST`, `IMAGES`, `*ARTIFACT_URI` and `*ARTIFACT_DIGEST`, `*ARTIFACT_INPUTS` and
`*ARTIFACT_OUTPUTS`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.ids import commit_of, digest_of
from intake.image import MOST
from intake.purl import purl_of
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.tekton.structure import Run, Status, Value

_PAIRS: Final = (("IMAGE_URL", "IMAGE_DIGEST"), ("ARTIFACT_URI", "ARTIFACT_DIGEST"))
_IMAGES: Final = "IMAGES"
_OUTPUTS: Final = "ARTIFACT_OUTPUTS"
_INPUTS: Final = "ARTIFACT_INPUTS"
_COMMIT: Final = "CHAINS-GIT_COMMIT"
_URL: Final = "CHAINS-GIT_URL"
_APART: Final = re.compile(r"[,\s]+")
_SHA1: Final = "sha1:"


def results_of(status: Status) -> list[Value]:
    """The results of a run; older versions name them otherwise."""
    return [*(status.results or ()), *(status.task_results or ()),
            *(status.pipeline_results or ())]  # fmt: skip


def artifacts_of(results: Iterable[Value]) -> list[dict[str, str]]:
    """The artifacts that results name with their digests, each once."""
    found: dict[tuple[str | None, str], dict[str, str]] = {}
    for name, digest in _named(list(results)):
        if len(found) < MOST:
            artifact = {"digest": digest} | ({"name": name} if name is not None else {})
            found.setdefault((name, digest), artifact)
    return list(found.values())


def _named(results: list[Value]) -> Iterator[tuple[str | None, str]]:
    texts = {one.name: one.value for one in results if one.name and isinstance(one.value, str)}
    for name, value in texts.items():
        for first, second in _PAIRS:
            told = texts.get(name.removesuffix(first) + second) if name.endswith(first) else None
            if (digest := digest_of(told)) is not None:
                yield _name(value), digest
        images = _APART.split(value) if name == _IMAGES else ()
        yield from ((_name(one.partition("@")[0]), d) for one in images if (d := digest_of(one)))
    for one in results:
        value = one.value
        if (one.name or "").endswith(_OUTPUTS) and isinstance(value, dict):
            uri, digest = value.get("uri"), digest_of(_text(value.get("digest")))
            if digest is not None and isinstance(uri, str):
                yield _name(uri.partition("@")[0]), digest


def source_of(run: Run, status: Status) -> dict[str, Any]:
    """Repository and commit of what was built, where it is one.

    What a result says comes before what a parameter says; a parameter may be a branch.
    """
    spec = run.spec
    for values in (results_of(status), (spec.params if spec else None) or []):
        texts = {one.name: one.value for one in values if one.name and isinstance(one.value, str)}
        told = {
            (repository_of(_plain(texts.get(name.removesuffix(_COMMIT) + _URL))), commit)
            for name, value in texts.items()
            if name.endswith(_COMMIT) and (commit := commit_of(value.removeprefix(_SHA1)))
        } | set(_inputs(values))
        if len(told) == 1:
            ((repository, commit),) = told
            return {"repository": repository, "commit": commit}
        if told:
            break
    return {}


def _inputs(values: Iterable[Value]) -> Iterator[tuple[str | None, str]]:
    for one in values:
        value = one.value
        if not (one.name or "").endswith(_INPUTS) or not isinstance(value, dict):
            continue
        uri, digest = _text(value.get("uri")), _text(value.get("digest"))
        if digest.startswith(_SHA1) and (commit := commit_of(digest.removeprefix(_SHA1))):
            yield repository_of(_plain(uri)), commit


def _plain(address: str | None) -> str | None:
    """An address of SPDX's form (`git+https://...@branch`) as git takes it."""
    if address is None or not address.startswith("git+"):
        return address
    host, slash, path = address.removeprefix("git+").partition("://")
    return host + slash + path.partition("@")[0]


def _name(text: str) -> str | None:
    return named(purl_of(text.strip()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
