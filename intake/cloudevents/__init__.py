"""CloudEvents: what they carry of a vocabulary that is known here, CDEvents."""

from typing import Final

from intake.cloudevents import events

FORMATS: Final = (events.CDEVENTS, events.CLOUDEVENTS)
CDEVENTS_SENDER: Final = events.CDEVENTS_SENDER
CLOUDEVENTS_SENDER: Final = events.CLOUDEVENTS_SENDER
