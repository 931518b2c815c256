"""Kinds that can be added from outside: one registry per family, filled at home and by entry points.

A package outside adds a kind with an entry point in the group ``twin.<family>``; its name is the
kind and its object what the family expects (see each family's room).
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from twin.errors import InputError

FAMILIES = ("modification", "sensor", "indicator", "calculator", "actor", "contract", "mode")


class Registry:
    """Kinds of one family, by name.

    >>> greetings = Registry("indicator")
    >>> _ = greetings.add("hello", len)
    >>> greetings.get("hello", "scenario.toml: kind") is len
    True
    """

    def __init__(self, family: str) -> None:
        if family not in FAMILIES:
            raise ValueError(f"no family {family!r}")
        self.family = family
        self._kinds: dict[str, Any] = {}
        self._outside_loaded = False

    def add(self, name: str, kind: Any) -> Any:
        """Register a kind; a name stands for one kind only."""
        if name in self._kinds and self._kinds[name] is not kind:
            raise ValueError(f"{self.family} {name!r} stands already")
        self._kinds[name] = kind
        return kind

    def names(self) -> tuple[str, ...]:
        """Names of all kinds, those from outside included, sorted."""
        self._load_outside()
        return tuple(sorted(self._kinds))

    def get(self, name: str, where: str) -> Any:
        """The kind of that name, or an `InputError` that lists the names."""
        self._load_outside()
        if name not in self._kinds:
            raise InputError(where, f"no {self.family} kind {name!r}", "one of " + ", ".join(self.names()))
        return self._kinds[name]

    def _load_outside(self) -> None:
        if not self._outside_loaded:
            self._outside_loaded = True
            for point in sorted(entry_points(group=f"twin.{self.family}"), key=lambda p: p.name):
                self.add(point.name, point.load())
