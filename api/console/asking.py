"""What a page may be asked: the words of the API's questions, as forms send them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.asking import FILTERS, MetricQuestion, hour_after
from api.parameters import check_query, words_of
from domain.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.datastructures import QueryParams

LENGTHS: Final = {"7": "7 days", "30": "30 days", "90": "90 days", "180": "180 days",
                  "365": "1 year"}  # fmt: skip
"""Windows that a person picks from: days before now, and their names."""
_USUAL: Final = "90"
_BY_DAY: Final = timedelta(days=31)
_BY_WEEK: Final = timedelta(days=250)
_BY_MONTH: Final = timedelta(days=3660)


Q = TypeVar("Q", bound=BaseModel)


def read_query(model: type[Q], query: QueryParams) -> Q:
    """The question of a page's address; fields that a form left empty choose nothing.

    Args:
        model: of the page's questions.
        query: of the address.

    Raises:
        RefusedError: a field is unknown, given twice, or has no such value.
    """
    check_query(query, words_of(model))
    try:
        return model.model_validate({name: told for name, told in query.items() if told})
    except ValidationError as error:
        first = error.errors()[0]
        place = " ".join(str(step) for step in first["loc"])
        raise RefusedError(f"query {place}", first["msg"]) from None


class TraceQuestion(BaseModel):
    """What the page of a line is asked."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[str, Field(max_length=4096)] = ""
    known_at: Annotated[str | None, Field(max_length=40)] = None


class PageQuestion(MetricQuestion):
    """What a page is asked: `days` stands for a window that ends now."""

    days: Literal["", "7", "30", "90", "180", "365"] = ""
    offset: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0

    @property
    def picked(self) -> str:
        """Which of `LENGTHS` is in force; empty for a window of its own."""
        return "" if self.since or self.to else self.days or _USUAL

    def chosen(self, now: datetime) -> dict[str, Any]:
        """The parameters of the page's answer: the window in steps, and the one before it.

        Raises:
            RefusedError: an instant is none.
        """
        chosen = super().chosen(now) | {"group_by": "none"}
        if self.picked:
            end = hour_after(now)
            chosen |= {"window_from": end - timedelta(days=int(self.picked)), "window_to": end}
        begin, end = chosen["window_from"], chosen["window_to"]
        # What runs, runs at the end of the window.
        chosen.setdefault("at", end)
        length = end - begin
        chosen["bucket"] = (
            "day" if length <= _BY_DAY else "week" if length <= _BY_WEEK
            else "month" if length <= _BY_MONTH else "none"
        )  # fmt: skip
        if timedelta(0) < length and chosen["baseline_from"] is None:
            try:
                chosen |= {"baseline_from": begin - length, "baseline_to": begin}
            except OverflowError:
                # Nothing lies before a window that begins with the calendar.
                chosen |= {"baseline_from": None, "baseline_to": None}
        return chosen

    def narrowed(self, now: datetime) -> dict[str, Any]:
        """Of what is chosen, the window and the filters: what answers about controls take.

        Raises:
            RefusedError: an instant is none.
        """
        chosen = self.chosen(now)
        return {key: chosen[key] for key in ("window_from", "window_to", *FILTERS) if key in chosen}
