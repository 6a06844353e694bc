"""Which rule a SARIF result is of, and its effective level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from intake.sarif_run import Run
    from intake.sarif_structure import Component, Override, Result, Rule

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
        self._invocations = run.invocations or []
        components = [self._driver, *self._extensions]
        self._by_id: dict[str, Rule] = {}
        for component in components:
            for rule in component.rules or ():
                if rule.id is not None:
                    self._by_id.setdefault(rule.id, rule)
        self.declared = sum(len(component.rules or ()) for component in components)

    def rule_of(self, result: Result) -> Rule | None:
        """The rule of a result (sections 3.27.5 to 3.27.7): by index, else by id."""
        reference = result.rule
        component = self._driver
        index = result.rule_index
        name = result.rule_id
        if reference is not None:
            index = reference.index if reference.index >= 0 else index
            name = name or reference.id
            if reference.tool_component is not None:
                component = self._component(reference.tool_component.index)
        rules = component.rules or ()
        if 0 <= index < len(rules):
            return rules[index]
        # "CA1000/1" is a hierarchical id below the rule "CA1000" (section 3.27.5).
        while name:
            if name in self._by_id:
                return self._by_id[name]
            name = name.rpartition("/")[0]
        return None

    def level_of(self, result: Result, rule: Rule | None) -> str:
        """The effective level (section 3.27.10)."""
        if result.level in _LEVELS:
            return str(result.level)
        if result.kind not in (None, "fail"):
            return "none"
        override = self._override(result, rule)
        if override in _LEVELS:
            return str(override)
        standard = rule.default_configuration if rule is not None else None
        if standard is not None and standard.level in _LEVELS:
            return str(standard.level)
        return _DEFAULT

    def _component(self, index: int) -> Component:
        return self._extensions[index] if 0 <= index < len(self._extensions) else self._driver

    def _override(self, result: Result, rule: Rule | None) -> str | None:
        index = result.provenance.invocation_index if result.provenance is not None else -1
        if rule is None or not 0 <= index < len(self._invocations):
            return None
        for one in self._invocations[index].overrides or ():
            if one.configuration is not None and self._about(one, rule):
                return one.configuration.level
        return None

    def _about(self, override: Override, rule: Rule) -> bool:
        descriptor = override.descriptor
        if descriptor is None:
            return False
        component = self._driver
        if descriptor.tool_component is not None:
            component = self._component(descriptor.tool_component.index)
        rules = component.rules or ()
        if 0 <= descriptor.index < len(rules):
            return rules[descriptor.index] is rule
        return descriptor.id is not None and descriptor.id == rule.id
