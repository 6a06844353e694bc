"""Puts the code of a mutant in the place of a module's, wherever that is in use already.

Importing everything anew for each mutant would cost a second each; here functions keep their
identity and get other code. Only a forked process may do that to itself.
"""

from __future__ import annotations

import re
import sys
from enum import Enum
from functools import _lru_cache_wrapper
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import CodeType

_OURS: Final = ("domain", "pipeledger", "tests")


def graft(module: ModuleType, code: CodeType, *, values: bool) -> None:
    """Make a module and all who imported from it run other code.

    Args:
        module: loaded.
        code: of its file, altered.
        values: whether what the module's own level computes is altered as well.
    """
    other = ModuleType(module.__name__)
    other.__file__ = module.__file__
    exec(code, vars(other))  # noqa: S102 - the code is ours
    for name, new in vars(other).items():
        old = vars(module).get(name)
        if old is new or name.startswith("__"):
            continue
        if not _onto(old, new, values=values) and values and _differ(old, new):
            _replace(name, old, new)


def _onto(old: object, new: object, *, values: bool) -> bool:
    """Give a function, or all functions of a class, other code; whether it was one."""
    if isinstance(old, _lru_cache_wrapper) and isinstance(new, _lru_cache_wrapper):
        old.cache_clear()
        return _onto(old.__wrapped__, new.__wrapped__, values=values)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        old.__code__ = new.__code__
        old.__defaults__ = new.__defaults__
        old.__kwdefaults__ = new.__kwdefaults__
        return True
    if isinstance(old, classmethod | staticmethod) and isinstance(new, classmethod | staticmethod):
        return _onto(old.__func__, new.__func__, values=values)
    if isinstance(old, property) and isinstance(new, property):
        return _onto(old.fget, new.fget, values=values)
    if isinstance(old, type) and isinstance(new, type):
        if not issubclass(old, Enum):
            _within(old, new, values=values)
        return True
    return False


def _within(old: type, new: type, *, values: bool) -> None:
    """Give a class the functions, and where they are altered the values, of another."""
    for name, value in vars(new).items():
        mine = vars(old).get(name)
        try:
            plain = not _onto(mine, value, values=values)
        except ValueError:  # it names other variables from outside, such as `super`'s
            setattr(old, name, value)
        else:
            if plain and values and isinstance(value, int | tuple) and mine != value:
                setattr(old, name, value)


def _differ(old: object, new: object) -> bool:
    """Whether two values are not the same, classes of one name being one class."""
    # The text of a pattern is cut short.
    return old != new and (isinstance(new, re.Pattern) or repr(old) != repr(new))


def _replace(name: str, old: object, new: object) -> None:
    """Put a value in the place of another of this name, in each module that has it."""
    for module in [*sys.modules.values()]:
        mine = module.__name__.partition(".")[0] in _OURS
        if mine and vars(module).get(name) is old:
            vars(module)[name] = new
