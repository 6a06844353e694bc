"""Docker: the events of an engine, and what `docker inspect` prints."""

from typing import Final

from intake.docker import events, inspect

FORMATS: Final = (events.FORMAT, inspect.FORMAT)
