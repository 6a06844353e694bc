"""JSON Schemas, examples and `docs/events.md`, generated from the code.

`python -m domain.events.schema` writes them; a test compares what is written with the code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.events import TYPES
from domain.events.closed import closed_fields
from domain.events.controls import CONTROLS
from domain.events.examples import example
from domain.events.fields import Common, schema_of
from domain.events.marks import marked
from domain.events.registry import Door, EventType

ROOT: Final = Path(__file__).resolve().parents[2]
_COMMON: Final = frozenset(field.encode_name for field in msgspec.structs.fields(Common))


def schema(kind: EventType) -> dict[str, Any]:
    """JSON Schema (2020-12) of a whole event of this type."""
    data = msgspec.json.schema(kind.data, schema_hook=schema_of)
    definitions = data.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.versioned,
        "description": kind.doc,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1},
            "source": {"type": "string", "format": "uri-reference", "minLength": 1},
            "type": {"const": kind.versioned},
            "time": {"type": "string", "format": "date-time"},
            "data": data,
        },
        "$defs": definitions,
    }


def files() -> dict[Path, str]:
    """Every generated file: its place below the project's root, and its content."""
    made: dict[Path, str] = {Path("docs/events.md"): page()}
    for kind in TYPES.values():
        stem = Path("schema/events") / kind.versioned.removeprefix("pipeledger.")
        made[stem.with_name(stem.name + ".schema.json")] = _json(schema(kind))
        made[stem.with_name(stem.name + ".example.json")] = _json(example(kind))
    return made


def page() -> str:
    """`docs/events.md`."""
    lines = [
        "# Events",
        "",
        "Every event is a CloudEvents 1.0 object whose `data` has the fields of its type.",
        "Unknown fields are kept, and nothing reads them.",
        "The schema and an example of each type stand in `schema/events/`.",
        "This page is generated from the code (`make generate`).",
        "",
        "Doors: *events* is `POST events` (and, for the tools it reads, `POST reports`);",
        "*command* is a command of the ledger, which checks its rules first;",
        "*server* is the ledger itself.",
        "An operator's command makes `deployment.assessed` and `incident.assessed` as well: then",
        "they are `decided`, and have a reason.",
        "What comes through *events* with a token is `asserted`; the least a type can have is",
        "`imported` (told later), and controls state the least that they accept.",
        "",
        "| type | says | door | roles | least assurance | controls that use it |",
        "|---|---|---|---|---|---|",
    ]
    for kind in TYPES.values():
        used = [test.id for test in CONTROLS if kind.name in test.types]
        door = {Door.EMIT: "events", Door.COMMAND: "command", Door.SERVER: "server"}[kind.door]
        roles = ", ".join(kind.roles) or "—"
        short = kind.versioned.removeprefix("pipeledger.")
        lines.append(
            f"| `{short}` | {kind.doc} | {door} | {roles} | {kind.least} | "
            f"{', '.join(used) or '—'} |"
        )
    lines += [
        "",
        "## Tests of controls and the facts they stand on",
        "",
        "The table says which facts each test reads, and what of it nothing feeds today.",
        "",
        "| test | asks | types | not fed today |",
        "|---|---|---|---|",
    ]
    for test in CONTROLS:
        types = ", ".join(f"`{name.removeprefix('pipeledger.')}`" for name in test.types) or "all"
        lines.append(f"| {test.id} | {test.asks} | {types} | {test.missing or '—'} |")
    common = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(Common))
    lines += [
        "",
        "## Fields",
        "",
        "A field in **bold** must be there; † names somebody, ‡ is free text.",
        f"Every type has these as well: {common}.",
        "",
        "A `commit` is a whole object id, 40 or 64 hexadecimal digits; a digest is",
        "`sha256:` with 64 of them behind it, also `sha384:`, `sha512:` and others; all in lower",
        "case. `artifact` is an object with `digest`, `purl`, `name`. Seconds are numbers.",
        "",
    ]
    for kind in TYPES.values():
        lines += _fields(kind)
    lines += [
        "",
        "## Words",
        "",
        "These fields hold one of a few words; `[]` stands for each of a list.",
        "",
        "| field | one of | in |",
        "|---|---|---|",
        *_closed(),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _fields(kind: EventType) -> list[str]:
    marks = marked(kind.name)
    sealed = {path[0] for path in marks.texts}
    people = {path[0] for path in marks.persons}
    own = [
        field
        for field in msgspec.structs.fields(kind.data)
        if field.encode_name not in _COMMON or field.required
    ]
    words = []
    for field in own:
        name = field.encode_name
        note = "".join(sign for sign, names in (("†", people), ("‡", sealed)) if name in names)
        words.append(f"**`{name}`**{note}" if field.required else f"`{name}`{note}")
    short = kind.name.removeprefix("pipeledger.")
    return [f"- `{short}`: {', '.join(words) or 'common fields only'}"]


def _closed() -> list[str]:
    """The fields of what may be sent that hold one of a few words."""
    places: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    everywhere = closed_fields(Common)
    for kind in TYPES.values():
        for place, words in closed_fields(kind.data) if kind.door is Door.EMIT else ():
            if (place, words) not in everywhere:
                named = places.setdefault((place, words), [])
                named.append(f"`{kind.name.removeprefix('pipeledger.')}`")
    rows = [(place, words, ", ".join(kinds)) for (place, words), kinds in places.items()]
    return [
        f"| `{place.removeprefix('.')}` | {', '.join(f'`{word}`' for word in words)} | {kinds} |"
        for place, words, kinds in [*((*one, "all") for one in everywhere), *rows]
    ]


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every generated file."""
    for place, content in files().items():
        (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / place).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
