"""What the bodies of commands are made of."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=500)]
Names = Annotated[list[Name], Field(max_length=1000)]
Handle = Annotated[str, Field(min_length=1, max_length=4096)]
Instant = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=65_536)]
Id = Annotated[str, Path(min_length=1, max_length=500)]


class Body(BaseModel):
    """A body of which no field is overlooked."""

    model_config = ConfigDict(extra="forbid")

    def said(self) -> dict[str, Any]:
        """The fields that are given."""
        return self.model_dump(exclude_none=True)


class Reason(Body):
    """Why."""

    reason: Text


class Withdrawal(Body):
    """Why, or nothing."""

    reason: Text | None = None
