"""Files and deliveries of Aqua: what they are, and what each of them tells.

One result of an image, an array of them, each also with the image's name around it, or a page of
vulnerabilities of the API: then each image in it is a scan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.aqua.images import COUNTED, TOOL, digest_in, result_of, scan_of
from intake.aqua.structure import Answer, Result
from intake.json_body import read_all, read_fields
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.aqua.structure import Vulnerability
    from intake.shape import Members, Shape

_PAGE: Final = frozenset({"count", "page", "pagesize", "result"})
_ENTER: Final = (
    "Postee's configuration, an action of type http: url as above, and the secret in headers as "
    "Authorization: Bearer (or as the password of a user in the url)"
)


def claims(shape: Shape) -> bool:
    """Results of images, or pages of vulnerabilities."""
    members = shape.object
    return _is_result(members) or _is_result(shape.inner("results")) or _is_page(shape)


def _is_result(members: Members) -> bool:
    scanned = "resources" in members and "image" in members
    return (scanned and bool({"scan_started", "vulnerability_summary"} & members.keys())) or (
        {"cves", "image_name", "cves_counts"} <= members.keys()
    )


def _is_page(shape: Shape) -> bool:
    if shape.members is None or "result" not in shape.members:
        return False
    first = shape.first("result")
    if {"name", "resource"} <= first.keys():
        return bool({"nvd_severity", "aqua_severity", "image_name"} & first.keys())
    return shape.members.keys() >= _PAGE and not first and "query" in shape.members


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: nothing of Aqua; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if _is_page(shape):
        return list(_page(read_fields(body, Answer)))
    return by_time(_results(read_all(body, Result)))


def _results(results: list[Result]) -> Iterator[Reading]:
    for one in results:
        yield from result_of(one.results or one, one.image or one.image_name)


def _page(answer: Answer) -> Iterator[Reading]:
    """A scan of each image; which pages there are beside this one nobody knows but by numbers."""
    images: dict[tuple[str | None, str | None], list[Vulnerability]] = {}
    for one in answer.result:
        images.setdefault((one.image_name, digest_in(one.image_digest)), []).append(one)
    asked = answer.query.image_name if answer.query is not None else None
    total = count_of(answer.count)
    for (name, digest), found in (images or {(asked, None): []}).items():
        target = named(name) or named(asked)
        scan = scan_of(((one.resource, one) for one in found), target)
        yield scan.reading(COUNTED, None, {
            "tool": TOOL,
            "kind": "container",
            "target": target,
            "artifact": {"digest": digest} if digest is not None else None,
            "extent": None if total in (None, len(answer.result)) else "unknown",
            "claimed": {"total": total} if total not in (None, len(answer.result)) else None,
        })  # fmt: skip


FORMAT: Final = Format("aqua", "Aqua JSON", "application/json", claims, read)
SENDER: Final = Sender(
    name="aqua",
    title="Aqua",
    scheme=by_token(_ENTER),
    formats=(FORMAT,),
)
