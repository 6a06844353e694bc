"""Charts as SVG, drawn by pygal in the server; the page's own style sheet colours them.

What the library would add for a page of its own, styles and scripts and their addresses, is
taken out: the policies of our pages let neither in.

A chart takes 7 to 22 ms of the interpreter, and a dashboard asks for the same ones every second:
the last ones are kept by what they show, so all that is given to them is immutable.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import pygal
from markupsafe import Markup
from pygal.etree import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

P = ParamSpec("P")
T = TypeVar("T")

# The library hooks itself into every import of the process, for maps that are not used here.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]

_DRAWN: Final = frozenset({"g", "rect", "circle", "path", "text", "line"})
_LABELS: Final = 8
_SIZE: Final = {"width": 560, "height": 220, "margin": 4, "margin_top": 10, "spacing": 6,
                "truncate_label": 40}  # fmt: skip
_WIDE: Final = _SIZE | {"width": 1160}
_PLAIN: Final = {
    "show_legend": False, "show_x_labels": False, "show_y_labels": False, "show_dots": False,
    "show_y_guides": False, "margin": 3, "spacing": 0, "width": 220, "height": 44,
}  # fmt: skip
_ROW: Final = 26
_LETTER: Final = 6.5
_KEPT: Final = 64
"""Charts of a kind: those of some twenty pages, about 10 KB each."""


def _kept(draw: Callable[P, T]) -> Callable[P, T]:
    return cast("Callable[P, T]", functools.lru_cache(_KEPT)(draw))


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of bars.

    Attributes:
        name: for people.
        look: class of the style sheet.
        values: one for each step; None where there is none.
    """

    name: str
    look: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """Dots of one kind.

    Attributes:
        name: for people.
        look: class of the style sheet.
        places: how far along (0 to 1), in which row, and what it is.
    """

    name: str
    look: str
    places: tuple[tuple[float, int, str], ...]


@_kept
def bars(title: str, steps: tuple[str, ...], series: tuple[Series, ...]) -> Markup:
    """Counts, one column for each step, the series upon each other."""
    most = max((sum(one.values[at] or 0 for one in series) for at in range(len(steps))), default=0)
    chart = pygal.StackedBar(
        **_WIDE, **_steps(steps), js=(), show_legend=False, rounded_bars=2,
        formatter="{:.0f}".format, y_labels=_whole(most),
    )  # fmt: skip
    return _drawn(chart, title, series)


@_kept
def shares(title: str, rows: tuple[str, ...], series: tuple[Series, ...]) -> Markup:
    """Counts, one bar lying for each row, the first at the top, the series beside each other."""
    most = max((sum(one.values[at] or 0 for one in series) for at in range(len(rows))), default=0)
    chart = pygal.HorizontalStackedBar(
        **_WIDE | {"height": 50 + _ROW * len(rows), "margin_left": _LETTER * max(
            (len(row) for row in rows), default=0)}, js=(), show_legend=False,
        formatter="{:.0f}".format, y_labels=_whole(most), x_labels=list(reversed(rows)),
    )  # fmt: skip
    turned = [Series(one.name, one.look, one.values[::-1]) for one in series]
    return _drawn(chart, title, turned)


@_kept
def lines(
    title: str, steps: tuple[str, ...], series: tuple[Series, ...], told: Callable[[float], str]
) -> Markup:
    """Values over steps; a step without a value interrupts its line.

    Args:
        title: for people.
        steps: names of the steps.
        series: the lines.
        told: words a value; equal where it words alike, or the chart is drawn anew.
    """
    chart = pygal.Line(
        **_SIZE, **_steps(steps), js=(), show_legend=False, allow_interruptions=True,
        dots_size=3, formatter=told, value_formatter=told, include_x_axis=True, max_scale=6,
        no_data_text="",
    )  # fmt: skip
    return _drawn(chart, title, series)


@_kept
def swimlanes(
    title: str,
    rows: tuple[str, ...],
    steps: tuple[tuple[float, str], ...],
    dots: tuple[Dots, ...],
) -> Markup:
    """Dots along time, one lane for each row.

    Args:
        title: for people.
        rows: names of the lanes, the first at the top.
        steps: how far along (0 to 1) a label stands, and the label.
        dots: what lies in the lanes.
    """
    last = len(rows) - 1
    chart = pygal.XY(
        **_WIDE | {"height": 60 + _ROW * len(rows)}, js=(), show_legend=False, stroke=False,
        dots_size=4.5, xrange=(0, 1), range=(-0.5, last + 0.5),
        x_labels=[{"value": at, "label": label} for at, label in steps],
        y_labels=[{"value": last - at, "label": row} for at, row in enumerate(rows)],
    )  # fmt: skip
    placed = [
        Series(one.name, one.look, tuple(
            {"value": (along, last - row), "label": what}  # type: ignore[misc]
            for along, row, what in one.places
        ))
        for one in dots
    ]  # fmt: skip
    return _drawn(chart, title, placed)


@_kept
def spark(title: str, values: tuple[float | None, ...]) -> Markup | None:
    """The course of one number without axes; None where fewer than two values make none."""
    # The line leads across steps without a value: only its course is shown.
    known = tuple((at, value) for at, value in enumerate(values) if value is not None)
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    chart = pygal.XY(**_PLAIN, js=(), include_x_axis=True, xrange=(0, len(values) - 1))
    return _drawn(chart, title, [Series(title, "course", known)])  # type: ignore[arg-type]


def _steps(steps: Sequence[str]) -> dict[str, Any]:
    return {
        "x_labels": list(steps),
        "x_labels_major_every": -(-len(steps) // _LABELS) or 1,
        "show_minor_x_labels": False,
    }


def _whole(most: float) -> list[int]:
    """Whole numbers for an axis of counts, from nothing to at least the greatest."""
    step = next(size * 10**power for power in range(18) for size in (1, 2, 5)
                if size * 10**power * 5 >= most)  # fmt: skip
    return list(range(0, max(1, -(-int(most) // step)) * step + 1, step))


def _drawn(chart: Any, title: str, series: Sequence[Series]) -> Markup:  # noqa: ANN401 - the library has no types
    for one in series:
        chart.add(one.name, list(one.values))
    root = chart.render_tree()
    del root.attrib["id"]
    root.attrib |= {"class": "chart", "role": "img", "aria-label": title}
    looks = {f"serie-{at}": one for at, one in enumerate(series)}
    _clean(root, None, looks)
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - the library escapes


def _clean(element: Any, within: Series | None, looks: dict[str, Series]) -> None:  # noqa: ANN401 - as above
    """Keep what draws; give every series its look and every mark a name for who points at it."""
    told: dict[str, str] = {}
    for child in list(element):
        classes = child.get("class", "").split() if isinstance(child.tag, str) else []
        series = next((looks[name] for name in classes if name in looks), within)
        if child.tag == "desc":
            told[classes[0]] = child.text or ""
        if child.tag in _DRAWN and "tooltip-overlay" not in classes:
            if series is not within and series is not None:
                child.set("class", f"series {series.look}")
            _clean(child, series, looks)
        else:
            element.remove(child)
    if "value" in told and within is not None:
        name = told.get("label") or f"{told.get('x_label', '')}: {within.name} {told['value']}"
        etree.SubElement(element, "title").text = name
