"""Draws the page: a template with its values escaped, its style inside, and nothing else let in."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exporters import wording
from exporters.report.view import OUTCOMES, SEVERITIES, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exporters.assessment import Assessment
    from exporters.report.files import ReadFile

_STYLE: Final = (resources.files("exporters.report") / "report.css").read_text(encoding="utf-8")
_STYLE_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; form-action 'none'"
)
"""What a browser lets the page do: show its own style, and nothing else. It stands in the page."""


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("exporters.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for filter_ in (wording.number, wording.instant, wording.shortened):
        made.filters[filter_.__name__] = filter_
    made.globals |= {
        # Ours, and hashed as it stands: escaping would change it.
        "style": Markup(_STYLE),  # noqa: S704
        "policy": POLICY,
        "outcomes": OUTCOMES,
        "severities": SEVERITIES,
        "by_name": {one.name: one for one in OUTCOMES},
    }
    return made


_TEMPLATES: Final = _environment()


def write_report(assessment: Assessment, files: Sequence[ReadFile] = ()) -> bytes:
    """An assessment as one page that needs nothing else.

    Args:
        assessment: what it is written from; the same gives the same bytes.
        files: those that it was made from alone, without a ledger.
    """
    template = _TEMPLATES.get_template("report.html")
    report = Report(assessment, files)
    return template.render(report=report, of=assessment, proof=assessment.proof).encode()
