"""The catalogue of controls: what each asks, which tests answer it, with which parameters.

It stands in `schema/controls`: `tests.toml` holds the tests, which controls share, `settings.toml`
what all tests have in common, and `frameworks/*.toml` the controls. An organisation lays files of
the same form over it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args

import msgspec

from domain.errors import SettingError
from domain.events.build import ScanKind, TestKind
from domain.events.fields import Severity
from domain.log.context import ASSURANCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

Outcome = Literal["satisfied", "violated", "excepted", "insufficient-evidence", "not-applicable"]
Kind = Literal["BIGINT", "BOOLEAN", "DOUBLE", "VARCHAR", "VARCHAR[]", "MAP"]
_TYPES: Final[dict[str, Any]] = {
    "BIGINT": int, "BOOLEAN": bool, "DOUBLE": float, "VARCHAR": str, "VARCHAR[]": list[str],
    "MAP": dict[str, int],
}  # fmt: skip
_LARGEST: Final = 1 << 20
_EXACT: Final = 2**53 - 1
"""Whole numbers up to it are the same in every JSON reader."""
_WORDS: Final = {
    "least_assurance": ASSURANCES, "blocking_severities": get_args(Severity),
    "sla_days": get_args(Severity), "required_scanners": get_args(ScanKind),
    "required_suites": get_args(TestKind),
}  # fmt: skip
"""What texts of a parameter of this name may be: another would switch a check off, in silence."""
_DAYS: Final = 36500
_MOST: Final = {
    "days": _DAYS, "hours": _DAYS * 24, "minutes": _DAYS * 24 * 60, "seconds": _DAYS * 24 * 3600,
    "share": 1,
}  # fmt: skip
"""The largest number of a parameter, by the last word of its name: a hundred years, or all."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TEST: Final = re.compile(r"[A-Z][A-Z0-9]{1,19}-[0-9]{1,4}")
_FILES: Final = ("settings.toml", "tests.toml", "frameworks")
_Read = TypeVar("_Read")


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be chosen about a test.

    Attributes:
        kind: its type as DuckDB spells it; MAP is one of texts to whole numbers.
        meaning: one line for people, the unit in it.
        default: unless something else is chosen; None: open.
    """

    kind: Kind
    meaning: str
    default: Any = None


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test that controls share.

    Attributes:
        title: what it is about.
        population: what is judged, one by one.
        satisfied: when one of these is.
        violated: when one of these is.
        audit: how an auditor tests the same.
        parameters: by name.
        empty: what it comes to where nothing is there to be judged although the ledger is in use.
    """

    __test__ = False

    title: str
    population: str
    satisfied: str
    violated: str
    audit: str
    parameters: dict[str, Parameter]
    empty: Literal["insufficient-evidence", "not-applicable"] = "insufficient-evidence"


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A control of a framework.

    Attributes:
        id: as the framework writes it.
        title: in our own words.
        strength: direct (the ledger's events can be the main evidence), partial (of a part of it)
            or supporting (corroboration only).
        tests: ids of the tests that answer it.
        oscal_id: the same as a token of OSCAL; empty: the id is one.
        source: where id and meaning were looked up; empty: as the framework says.
        verification: how this was checked; empty: as the framework says.
        note: what a reader should know.
        parameters: of these tests, where they differ from the defaults.
    """

    id: str
    title: str
    strength: Literal["direct", "partial", "supporting"]
    tests: list[str]
    oscal_id: str = ""
    source: str = ""
    verification: str = ""
    note: str = ""
    parameters: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A framework, as far as the ledger says anything about it.

    Attributes:
        framework: its id.
        title: its name and version.
        source: where ids and meanings were looked up.
        verification: how they were checked, unless a control says otherwise.
        controls: in order.
    """

    framework: str
    title: str
    source: str
    verification: str
    controls: list[Control]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Tests and frameworks in effect.

    Attributes:
        settings: what all tests have in common, by name.
        tests: by id.
        frameworks: by id.
        text: all of it as compact JSON, names in order.
        digest: `sha256:` and hexadecimal over the text.
    """

    settings: Mapping[str, Parameter] = field(repr=False)
    tests: Mapping[str, Test] = field(repr=False)
    frameworks: Mapping[str, Framework] = field(repr=False)
    text: bytes = field(init=False, repr=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        said = json.dumps(self.told(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        object.__setattr__(self, "text", said.encode())
        object.__setattr__(self, "digest", f"sha256:{hashlib.sha256(self.text).hexdigest()}")

    def told(self) -> dict[str, Any]:
        """All of it as JSON values."""
        whole: dict[str, Any] = msgspec.to_builtins(
            {"settings": self.settings, "tests": self.tests, "frameworks": self.frameworks}
        )
        return whole

    def values(self, test: str, changed: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a test, some of them changed; what is open is not there."""
        defaults = {name: one.default for name, one in self.tests[test].parameters.items()}
        return {name: one for name, one in (defaults | dict(changed)).items() if one is not None}


def controls_of(frameworks: Iterable[Framework]) -> list[tuple[str, Control]]:
    """The controls of frameworks, each with the id of its own."""
    return [(each.framework, one) for each in frameworks for one in each.controls]


def table_of(test: str) -> str:
    """The name of the table that tells what a test comes to: `chg_02` of CHG-02."""
    return test.lower().replace("-", "_")


@functools.cache
def built_in() -> Catalogue:
    """The catalogue that comes along."""
    return read_over(None, resources.files("schema") / "controls")


def read_catalogue(folder: Path | None) -> Catalogue:
    """The catalogue in effect.

    Args:
        folder: an organisation's own files, laid over the catalogue that comes along; or None.

    Raises:
        SettingError: there is no such folder, or a file of it is wrong; names file and place.
    """
    if folder is None:
        return built_in()
    if not folder.is_dir():
        raise SettingError(f"{folder} is no folder of controls")
    # A file whose name is misspelt would change nothing, in silence.
    for file in sorted(folder.iterdir()):
        ours = file.name.endswith(".toml") or file.is_dir()
        if ours and file.name not in _FILES and not file.name.startswith("."):
            raise SettingError(f"{file}: known here are {', '.join(_FILES)}")
    return read_over(built_in(), folder)


def read_over(below: Catalogue | None, folder: Path | Traversable) -> Catalogue:
    """A folder's tests and controls, laid over others.

    A test of the same id takes its place but for the fields and parameters that it does not name;
    a control of the same framework and id likewise, as a whole.

    Raises:
        SettingError: a file is wrong; names file and place.
    """
    settings = dict(below.settings) if below else {}
    file = folder / "settings.toml"
    if file.is_file():
        said = _read(file)
        settings = (
            {name: _converted(file, name, one, Parameter) for name, one in said.items()}
            if below is None
            else settings
            | {name: _with_default(file, name, settings, name, one) for name, one in said.items()}
        )
    tests = dict(below.tests) if below else {}
    frameworks = dict(below.frameworks) if below else {}
    file = folder / "tests.toml"
    if file.is_file():
        for name, said in _read(file).items():
            if _TEST.fullmatch(name) is None:
                raise SettingError(f"{file}: {name[:100]}: the id of a test is like CHG-02")
            tests[name] = _test(file, name, said, tests.get(name))
    place = folder / "frameworks"
    files = sorted(place.iterdir(), key=str) if place.is_dir() else []
    for file in files:
        if file.name.endswith(".toml"):
            one = _converted(file, "", _read(file), Framework)
            if _NAME.fullmatch(one.framework) is None:
                raise SettingError(f"{file}: framework: letters, digits, `.`, `_`, `-`; at most 64")
            _check(file, one, tests)
            frameworks[one.framework] = _laid(frameworks.get(one.framework), one)
    return Catalogue(settings, tests, frameworks)


def _test(file: Traversable, name: str, said: Any, below: Test | None) -> Test:  # noqa: ANN401
    if not isinstance(said, dict):
        raise SettingError(f"{file}: {name}: expected a table")
    if below is not None:
        place = f"{name}.parameters"
        changed = _converted(file, place, said.pop("parameters", {}), dict[str, Any])
        merged = msgspec.to_builtins(below) | said
        one = _converted(file, name, merged, Test)
        parameters = {
            key: _with_default(file, f"{place}.{key}", below.parameters, key, value)
            for key, value in changed.items()
        }
        return msgspec.structs.replace(one, parameters=dict(below.parameters) | parameters)
    one = _converted(file, name, said, Test)
    for key, parameter in one.parameters.items():
        if parameter.default is not None:
            _value(file, f"{name}.parameters.{key}", key, parameter, parameter.default)
    return one


def _with_default(
    file: Traversable,
    place: str,
    known: Mapping[str, Parameter],
    key: str,
    value: Any,  # noqa: ANN401 - of several types
) -> Parameter:
    """A parameter with another default.

    Raises:
        SettingError: there is no such parameter, or it cannot have this value.
    """
    if key not in known:
        raise SettingError(f"{file}: {place}: known are {', '.join(known)}")
    _value(file, place, key, known[key], value)
    return msgspec.structs.replace(known[key], default=value)


def _check(file: Traversable, framework: Framework, tests: Mapping[str, Test]) -> None:
    """Refuse controls that stand there twice, of tests or parameters that do not exist."""
    seen: set[str] = set()
    for control in framework.controls:
        place = f"control {control.id}"
        if control.id in seen:
            raise SettingError(f"{file}: {place}: it stands there twice")
        seen.add(control.id)
        if not control.tests:
            raise SettingError(f"{file}: {place}: no test answers it")
        if len(set(control.tests)) < len(control.tests):
            raise SettingError(f"{file}: {place}: a test stands there twice")
        for name in control.tests:
            if name not in tests:
                raise SettingError(f"{file}: {place}: no test is called {name[:100]}")
        for test, changed in control.parameters.items():
            if test not in control.tests:
                raise SettingError(f"{file}: {place}: {test[:100]} is none of its tests")
            for key, value in changed.items():
                _with_default(file, f"{place}: {test}.{key}", tests[test].parameters, key, value)


def _laid(below: Framework | None, over: Framework) -> Framework:
    if below is None:
        return over
    known = {one.id: one for one in below.controls} | {one.id: one for one in over.controls}
    return msgspec.structs.replace(over, controls=list(known.values()))


def _value(file: Traversable, place: str, name: str, parameter: Parameter, value: Any) -> None:  # noqa: ANN401
    said = _converted(file, place, value, _TYPES[parameter.kind])
    words = [said] if isinstance(said, str) else said if isinstance(said, list | dict) else []
    known = _WORDS.get(name, words)
    for one in words:
        if one not in known:
            raise SettingError(f"{file}: {place}: {one[:100]!r}: known are {', '.join(known)}")
    numbers = said.values() if isinstance(said, dict) else [said]
    most = _MOST.get(name.rpartition("_")[2], _EXACT)
    if any(isinstance(one, int | float) and not 0 <= one <= most for one in numbers):
        raise SettingError(f"{file}: {place}: expected a number from 0 to {most}")


def _converted(file: Traversable, place: str, said: Any, kind: type[_Read]) -> _Read:  # noqa: ANN401
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise SettingError(f"{file}: {place}: {error}") from None


def _read(file: Traversable) -> dict[str, Any]:
    try:
        body = file.read_bytes()
        if len(body) > _LARGEST:
            raise SettingError(f"{file} has over {_LARGEST} bytes")
        return tomllib.loads(body.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{file}: {error}") from None
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}") from error
