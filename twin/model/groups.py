"""Groups of inhabitants, as Mesa's GroupBy."""

from __future__ import annotations

from typing import Any

from mesa.agent import AgentSet

try:
    from mesa.agentset import GroupBy
except ImportError:  # before Mesa 3.4
    from mesa.agent import GroupBy


class Groups(GroupBy):  # type: ignore[misc]
    """Mesa's groups, which aggregate by column."""

    def agg(self, attr_name: str, func: Any) -> dict[Any, Any]:
        """What a function says of an attribute's values, by group."""
        return {
            label: group.agg(attr_name, func)
            if isinstance(group, AgentSet)
            else func([getattr(each, attr_name) for each in group])
            for label, group in self.groups.items()
        }
