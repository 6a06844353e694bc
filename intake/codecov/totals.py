"""Codecov's totals of a commit: in its webhook, and in its API (`commits`, `totals`, `report`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from intake.address import address_of, repository_of
from intake.coverage.measured import Counted, measured
from intake.ids import commit_of
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import Basic
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.shape import Members, Shape

TOOL: Final = "Codecov"
_PAGE: Final = re.compile(r"(?:/-)?/commits?/[0-9a-f]{40}")
_ROUNDED: Final = 0.01
_TOTALS: Final = frozenset({"files", "lines", "hits", "partials", "coverage"})
_Lines = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class Totals(msgspec.Struct, gc=False):
    """Numbers of a commit or file."""

    lines: _Lines
    hits: _Lines
    files: _Lines | None = None
    partials: _Lines | None = None
    coverage: float | str | None = None


class _Commit(msgspec.Struct, gc=False):
    """A commit; its message and who wrote it are not read."""

    commitid: str | None = None
    branch: str | None = None
    url: str | None = None
    service_url: str | None = None
    totals: Totals | None = None


class _Pull(msgspec.Struct, gc=False):
    number: str | int | None = None


class _Webhook(msgspec.Struct, gc=False):
    head: _Commit | None = None
    pull: _Pull | None = None


class _Commits(msgspec.Struct, gc=False):
    results: list[_Commit] | None = None


class _File(msgspec.Struct, gc=False):
    totals: Totals | None = None


class _Report(msgspec.Struct, gc=False):
    totals: Totals | None = None
    files: list[_File] | None = None


def claims(shape: Shape) -> bool:
    """Totals as Codecov has them: of a webhook's head, of a commit, of commits, of a report."""
    members = shape.members or {}
    if {"repo", "head", "owner"} <= members.keys():
        return {"commitid", "totals"} <= shape.inner("head").keys()
    if "results" in members:
        first = shape.first("results")
        return "commitid" in first and _are_totals(first)
    return _are_totals(members) and ("commitid" in members or "files" in members)


def _are_totals(members: Members) -> bool:
    raw = members.get("totals")
    return raw is not None and (shape_of(bytes(raw)).members or {}).keys() >= _TOTALS


def read(body: bytes) -> list[Reading]:
    """The readings of a webhook or an answer; none of a commit without totals.

    Raises:
        RefusedError: none of these; the place is named.
        TooLargeError: a limit was passed.
    """
    members = (shape_of(body).members or {}).keys()
    if "head" in members:
        told = read_fields(body, _Webhook)
        number = told.pull.number if told.pull is not None else None
        more = {"change": named(str(number)) if number is not None else None}
        return _commit(told.head, more) if told.head is not None else []
    if "results" in members:
        several = read_fields(body, _Commits).results or []
        return [reading for one in several for reading in _commit(one, {})]
    if "commitid" in members:
        return _commit(read_fields(body, _Commit), {})
    return _whole(read_fields(body, _Report))


def _commit(commit: _Commit, more: dict[str, Any]) -> list[Reading]:
    if commit.totals is None:
        return []
    branch = named(commit.branch)
    # Its page at the code host ends with the commit's.
    page = _PAGE.split(commit.service_url or "", maxsplit=1)[0]
    return [_reading(commit.totals, commit.totals.files or 0, more | {
        "counted": "Codecov's totals",
        "commit": commit_of(commit.commitid),
        "repository": repository_of(page),
        "ref": f"refs/heads/{branch}" if branch and not branch.startswith("refs/") else branch,
        "url": address_of(commit.url),
    })]  # fmt: skip


def _whole(report: _Report) -> list[Reading]:
    """A report with its files, which are counted; the totals stand beside where they differ."""
    if report.files is None:
        return (
            []
            if report.totals is None
            else [
                _reading(report.totals, report.totals.files or 0, {"counted": "Codecov's totals"})
            ]
        )
    files = [one.totals for one in report.files if one.totals is not None]
    counted = Totals(
        lines=sum(one.lines for one in files), hits=sum(one.hits for one in files),
        partials=sum(one.partials or 0 for one in files),
    )  # fmt: skip
    told = report.totals
    differs = told is not None and (told.lines, told.hits) != (counted.lines, counted.hits)
    claimed = {"lines": told.lines, "hits": told.hits} if told is not None and differs else None
    return [_reading(counted, len(files), {"counted": "totals of files", "claimed": claimed})]


def _reading(totals: Totals, files: int, more: dict[str, Any]) -> Reading:
    counted = Counted(files=files, lines=(totals.hits, totals.lines), branches=None)
    percent, told = counted.percent(), _number(totals.coverage)
    differs = percent is not None and told is not None and abs(percent - told) > _ROUNDED
    claimed = more.get("claimed") or ({"coverage": told} if differs else None)
    return measured("codecov", counted, None, more | {
        "tool": TOOL, "partials": totals.partials, "claimed": claimed,
    })  # fmt: skip


def _number(value: float | str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


FORMAT: Final = Format("codecov", "Codecov webhook and API", "application/json", claims, read)
SENDER: Final = Sender(
    name="codecov",
    title="Codecov",
    scheme=Basic(
        "codecov.yml, coverage: notify: webhook: default: url: as above with codecov: and the "
        "secret and @ before the host"
    ),
    formats=(FORMAT,),
)
