"""YAML of Kubernetes is the JSON it stands for, or is refused clearly."""

from __future__ import annotations

import json
import random

import pytest

from domain.errors import PipeledgerError, RefusedError, TooLargeError
from intake.registry import read_report
from intake.yaml_body import MAX_YAML, is_resource, read_yaml

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
  creationTimestamp: 2026-01-01T00:00:00Z
spec:
  destination: {namespace: shop, server: "https://kubernetes.default.svc"}
  source: {path: apps/shop, repoURL: "https://code.example/acme/gitops.git"}
status:
  health: {status: Healthy}
  history:
  - deployStartedAt: 2026-01-01T10:00:00Z
    deployedAt: 2026-01-01T10:00:05Z
    id: 0
    revision: e5585fcf22366e2d066e0936cbd8a0508756d02d
    source: {path: apps/shop, repoURL: "https://code.example/acme/gitops.git"}
"""


def test_values_are_those_of_json() -> None:
    """Instants stay texts, numbers and truth values do not."""
    told = json.loads(
        read_yaml(b"apiVersion: v1\nat: 2026-01-01T00:00:00Z\nn: 7\nb: true\nx: null")
    )
    assert told == {
        "apiVersion": "v1", "at": "2026-01-01T00:00:00Z", "n": 7, "b": True, "x": None,
    }  # fmt: skip
    assert json.loads(read_yaml(b"apiVersion: v1\n---\napiVersion: v2\n---\n")) == [
        {"apiVersion": "v1"}, {"apiVersion": "v2"},
    ]  # fmt: skip


def test_a_resource_in_yaml_gives_the_facts_of_the_same_in_json() -> None:
    """One mapping for both spellings."""
    written = read_report(APPLICATION.encode())
    same = read_report(read_yaml(APPLICATION.encode()))
    assert written.readings == same.readings
    assert written.readings[0].time == "2026-01-01T10:00:05Z"


def test_what_has_colons_is_a_text() -> None:
    """A version 1.1 of YAML has numbers of base 60; whoever writes resources means none."""
    told = json.loads(read_yaml(b"apiVersion: v1\nports: [22:22, 1:30.5, 7, 1.5]"))
    assert told["ports"] == ["22:22", "1:30.5", 7, 1.5]


@pytest.mark.parametrize(
    "text", ["name: x", "# apiVersion: v1", "text apiVersion: v1", '{"apiVersion": "v1"}', "<a/>"]
)
def test_other_texts_are_not_taken_for_yaml(text: str) -> None:
    """Only what begins a line with the version of a resource."""
    assert not is_resource(text.encode())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("apiVersion: v1\na: [", "line 3, column 1"),
        ("apiVersion: v1\na: &x 1\nb: *x", "line 2"),
        ("apiVersion: v1\nb: *x", "line 2"),
        ("apiVersion: v1\nb: !!python/object:os.system {}", "line 2, column 4"),
        ("apiVersion: v1\n? [a]\n: 1", "line 2, column 3"),
        ("apiVersion: v1\nb: !!binary x", "line 2, column 4"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text: str, place: str) -> None:
    """No exception of the parser comes through."""
    with pytest.raises(RefusedError) as caught:
        read_yaml(text.encode())
    assert caught.value.place == place


def test_bombs_are_refused_before_they_go_off() -> None:
    """Aliases of aliases, depth, length."""
    bomb = "apiVersion: v1\na: &a [x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + chr(ord(name) - 1)] * 9)}]\n" for name in "bcdefghij"
    )
    with pytest.raises(RefusedError, match="anchors"):
        read_yaml(bomb.encode())
    with pytest.raises(TooLargeError, match="nested"):
        read_yaml(b"apiVersion: v1\na: " + b"[" * 200)
    with pytest.raises(TooLargeError, match="bytes"):
        read_yaml(b"apiVersion: v1\na: " + b"x" * MAX_YAML)


def test_damaged_yaml_is_refused_or_read() -> None:
    """Nothing else happens."""
    chance = random.Random(7)  # noqa: S311 - damage, no secret
    for _ in range(300):
        body = bytearray(APPLICATION.encode())
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            read_report(bytes(body[: chance.randrange(20, len(body))]))
        except PipeledgerError:
            continue
