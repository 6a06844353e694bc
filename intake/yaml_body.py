"""YAML from outside: what Kubernetes prints and keeps, read as the JSON it stands for.

Formats read JSON; YAML is another spelling of it. Only resources of Kubernetes and the records that
Jenkins X keeps of runs are looked at, so that no other text is taken for YAML, and anchors are
refused: nothing that a cluster prints has them, and a few lines of them stand for gigabytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from domain.errors import RefusedError, TooLargeError
from intake.limits import MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_YAML: Final = 8 * 1_048_576
"""Bytes of a YAML file; the parser takes some fifty times as long as that of JSON."""
_RESOURCE: Final = re.compile(rb"(?:\A|\n)apiVersion:[ \t]*[^\s{\[]")
# Lighthouse writes its records without a kind.
_RECORD: Final = (b"\nbuildId:", b"\nlastCommitSHA:", b"\ngitURL:")
_HEAD: Final = 65_536
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"


class _Loader(yaml.CSafeLoader):
    """The values that JSON has too: instants stay texts."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _TIMESTAMP]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _number(loader: _Loader, node: yaml.ScalarNode) -> Any:  # noqa: ANN401 - JSON
    """A number; `22:22` is one of base 60 to YAML 1.1, and a text to everybody who writes these."""
    if ":" in node.value:
        return node.value
    return _INTEGER(loader, node) if node.tag == _INT else _FLOATING(loader, node)


_INTEGER: Final = yaml.CSafeLoader.yaml_constructors[_INT]
_FLOATING: Final = yaml.CSafeLoader.yaml_constructors[_FLOAT]
_Loader.add_constructor(_INT, _number)
_Loader.add_constructor(_FLOAT, _number)


def is_resource(body: bytes | memoryview) -> bool:
    """Whether a text begins as a YAML resource of Kubernetes, or a record of Jenkins X, does."""
    head = bytes(body[:_HEAD])
    if head.lstrip()[:1] in (b"{", b"[", b"<"):
        return False
    return bool(_RESOURCE.search(head)) or all(name in b"\n" + head for name in _RECORD)


def read_yaml(body: bytes) -> bytes:
    """A YAML text as JSON: one document as it is, several as an array.

    Args:
        body: checked UTF-8 (`intake.body`).

    Raises:
        RefusedError: no YAML, or with anchors, or with values that JSON has not; names the line.
        TooLargeError: too long, too many or too deeply nested values.
    """
    if len(body) > MAX_YAML:
        raise TooLargeError("document", f"YAML of more than {MAX_YAML} bytes; send it as JSON")
    text = body.decode()
    try:
        _check(yaml.parse(text, Loader=yaml.CSafeLoader))
        documents = [one for one in yaml.load_all(text, Loader=_Loader) if one is not None]
        return msgspec.json.encode(documents[0] if len(documents) == 1 else documents)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise RefusedError(place, "no YAML") from None
    except yaml.YAMLError:
        raise RefusedError("document", "no YAML") from None
    except (ValueError, TypeError, OverflowError, RecursionError):
        # Keys that are no texts, numbers that JSON has not, times of day that are none.
        raise RefusedError("document", "YAML with values that JSON has not") from None


def _check(events: Iterator[Any]) -> None:
    depth = nodes = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise RefusedError(f"line {event.start_mark.line + 1}", "anchors are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth, nodes = depth + 1, nodes + 1
            if depth > MAX_DEPTH:
                raise TooLargeError("document", f"nested deeper than {MAX_DEPTH} levels")
            if nodes > MAX_NODES:
                raise TooLargeError("document", f"more than {MAX_NODES} values")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
