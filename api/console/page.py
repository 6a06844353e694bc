"""Makes a page: a template with its values escaped, and headers that let nothing else in."""

from __future__ import annotations

from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.doors import PART_READERS
from exporters import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

HTML: Final = "text/html; charset=utf-8"
# Nothing runs, nothing comes from another host, nobody frames it, forms go to this host alone.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOLDER: Final = resources.files("api.console") / "assets"
ASSETS: Final = {
    "console.css": ("text/css; charset=utf-8", (_FOLDER / "console.css").read_bytes()),
    "mark.svg": ("image/svg+xml", (_FOLDER / "mark.svg").read_bytes()),
}
"""Media types and bytes of what pages load, by name."""


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("api.console"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for filter_ in (wording.duration, wording.percent, wording.number, wording.instant,
                    wording.day, wording.signed, wording.shortened):  # fmt: skip
        made.filters[filter_.__name__] = filter_
    made.globals["part_readers"] = PART_READERS
    # A new version of an asset has a new address, so that browsers may keep it for good.
    made.globals["assets"] = {
        name: f"/console/assets/{name}?v={sha256(body).hexdigest()[:12]}"
        for name, (_, body) in ASSETS.items()
    }
    return made


_TEMPLATES: Final = _environment()


def draw(template: str, status: int = 200, /, **values: Any) -> Response:  # noqa: ANN401 - a template's
    """A page from a template."""
    body = render(template, values)
    return Response(body, status, HEADERS | {"Cache-Control": "no-store"}, HTML)


def render(template: str, values: Mapping[str, Any]) -> Markup:
    """A part of a page from a template."""
    return Markup(_TEMPLATES.get_template(template).render(values))  # noqa: S704 - it escapes


def is_own(request: Request) -> bool:
    """Whether a form was sent from a page of this host, as far as the browser tells."""
    told = request.headers.get("sec-fetch-site")
    if told is not None:
        return told in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")
