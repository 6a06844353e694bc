"""`pipeledger emit`: one event."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pipeledger.ci import job_of
from pipeledger.commands.common import (
    add_delivery_options,
    attempt,
    delivery_of,
    parser_of,
    say,
    settings_of,
    source_of,
    warn,
)
from pipeledger.errors import UsageError
from pipeledger.event import build_event, encode, short_type
from pipeledger.words import SHORT_FORMS, data_of, form_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMS = "\n".join(
    " ".join([f"  {word:<11} {form.type}", *(f"{key}={told}" for key, told in form.data.items())])
    for word, form in SHORT_FORMS.items()
)
_EPILOG = f"""\
TYPE is a type of the vocabulary, with or without its prefix and version, or a short form, whose
fields can be given otherwise:
{_FORMS}

In a known CI job, commit, repository, run, ref, actor and url are filled in; what is given wins.
Dots go inwards (ticket.key=CHG-1), artifact=DIGEST is artifact.digest=DIGEST, key:=JSON gives
numbers and lists.

  pipeledger emit rollback service=checkout environment=production rolls_back=d-41
  pipeledger emit incident incident=INC-7 service=checkout severity=sev1 --at 2026-01-31T12:00:00Z
"""


def main(words: Sequence[str]) -> int:
    """Send one event; the exit status."""
    parser = parser_of("emit", "Send one event.", _EPILOG)
    parser.add_argument("type", metavar="TYPE")
    parser.add_argument("data", metavar="key=value", nargs="*")
    parser.add_argument("--at", metavar="TIME", help="when it happened, RFC 3339 with offset (now)")
    parser.add_argument(
        "--id", help="id of the event; with --at, too, a second try sends the same one (random)"
    )
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")
    add_delivery_options(parser)
    options = parser.parse_intermixed_args(list(words))
    settings = settings_of(options)
    job = job_of(os.environ)
    given = data_of(options.data)
    event = build_event(
        form_of(options.type),
        given,
        job,
        source_of(settings, job),
        at=options.at,
        event_id=options.id,
    )
    try:
        body = encode(event)
    except ValueError as error:
        raise UsageError(f"a value that is no text: {error}") from error
    label = short_type(event["type"])
    delivery = delivery_of(settings)
    sent, status = attempt(delivery, delivery.event(body, event["id"], label))
    if sent is not None:
        # What a job fills in is the same for every type; what was typed was meant to be read.
        if unread := [name for name in sent.unread if name in given]:
            warn(f"{label} has no field {', '.join(unread)}: kept, and nothing reads it; "
                 "docs/events.md names the fields")  # fmt: skip
        if options.json:
            say(json.dumps(sent.answer))
        else:
            position = sent.answer.get("position")
            where = f"at position {position}" if isinstance(position, int) else "already"
            say(f"recorded {label} {where} (id {event['id']})")
    return status
