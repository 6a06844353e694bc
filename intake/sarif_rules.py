"""Which rule a SARIF result is of, and its effective level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.events.fields import MAX_NAME
from intake.sarif_structure import RuleReference

if TYPE_CHECKING:
    from intake.sarif_run import Run
    from intake.sarif_structure import Component, ComponentReference, Invocation, Result, Rule

_LEVELS: Final = frozenset({"none", "note", "warning", "error"})
_DEFAULT: Final = "warning"


class Levels:
    """The rules of one run.

    Attributes:
        declared: how many rules the driver and its extensions declare.
    """

    def __init__(self, run: Run) -> None:
        self._driver = run.tool.driver
        self._extensions = run.tool.extensions or []
        components = [self._driver, *self._extensions]
        self._by_name: dict[str, Component] = {}
        self._by_id: dict[str, Rule] = {}
        for component in components:
            for name in (component.name, component.guid):
                if name is not None:
                    self._by_name.setdefault(name, component)
            for rule in component.rules or ():
                if rule.id is not None:
                    self._by_id.setdefault(rule.id, rule)
        self.declared = sum(len(component.rules or ()) for component in components)
        self._overrides = [self._overridden(one) for one in run.invocations or ()]

    def rule_of(self, result: Result) -> Rule | None:
        """The rule of a result (sections 3.27.5 to 3.27.7): by index, else by id."""
        reference = result.rule or RuleReference()
        index = reference.index if reference.index >= 0 else result.rule_index
        name = result.rule_id or reference.id
        if (rule := self._at(index, name, reference.tool_component)) is not None:
            return rule
        # "CA1000/1" is a hierarchical id below the rule "CA1000" (section 3.27.5).
        while name:
            if name in self._by_id:
                return self._by_id[name]
            name = name.rpartition("/")[0] if len(name) <= MAX_NAME else None
        return None

    def level_of(self, result: Result, rule: Rule | None) -> str:
        """The effective level (section 3.27.10)."""
        if result.kind not in (None, "fail"):
            return "none"
        if result.level in _LEVELS:
            return str(result.level)
        override = self._override(result, rule)
        if override in _LEVELS:
            return str(override)
        standard = rule.default_configuration if rule is not None else None
        if standard is not None and standard.level in _LEVELS:
            return str(standard.level)
        return _DEFAULT

    def _at(
        self, index: int, name: str | None, reference: ComponentReference | None
    ) -> Rule | None:
        """The rule at a place of the component that is named (section 3.54), if it fits the id."""
        component: Component | None = self._driver
        if reference is not None and reference.index >= 0:
            found = self._extensions[reference.index : reference.index + 1]
            component = found[0] if found else None
        elif reference is not None and (reference.name or reference.guid):
            names = (reference.name or "", reference.guid or "")
            component = next((self._by_name[one] for one in names if one in self._by_name), None)
        rules = (component.rules if component is not None else None) or ()
        rule = rules[index] if 0 <= index < len(rules) else None
        if rule is None or not (name and rule.id) or f"{name}/".startswith(f"{rule.id}/"):
            return rule
        return None

    def _override(self, result: Result, rule: Rule | None) -> str | None:
        index = result.provenance.invocation_index if result.provenance is not None else -1
        if rule is None or not 0 <= index < len(self._overrides):
            return None
        levels = self._overrides[index]
        return levels.get(id(rule), levels.get(rule.id))

    def _overridden(self, invocation: Invocation) -> dict[int | str | None, str | None]:
        """The levels that an invocation sets, by the rule's object, or by its id."""
        levels: dict[int | str | None, str | None] = {}
        for one in invocation.overrides or ():
            told = one.descriptor
            if one.configuration is not None and told is not None:
                rule = self._at(told.index, told.id, told.tool_component)
                key = told.id if rule is None else id(rule)
                levels.setdefault(key, one.configuration.level)
        return levels
