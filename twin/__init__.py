"""An agent-based digital twin of a metropolis and its village: truth, knowledge, and who decides.

The names below are loaded when first used, so that importing the package stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from twin.version import VERSION as __version__

if TYPE_CHECKING:
    from twin.model.inhabitant import Inhabitant
    from twin.model.twin_model import TwinModel
    from twin.population.population import Population
    from twin.scenario.scenario import Scenario
    from twin.study.compare import compare
    from twin.study.run import run
    from twin.study.sweep import sweep
    from twin.territory.territory import Territory

__all__ = [
    "Inhabitant",
    "Population",
    "Scenario",
    "Territory",
    "TwinModel",
    "__version__",
    "compare",
    "run",
    "sweep",
]

_HOMES = {
    "Inhabitant": "twin.model.inhabitant",
    "Population": "twin.population.population",
    "Scenario": "twin.scenario.scenario",
    "Territory": "twin.territory.territory",
    "TwinModel": "twin.model.twin_model",
    "compare": "twin.study.compare",
    "run": "twin.study.run",
    "sweep": "twin.study.sweep",
}


_DRAWN = ("compare", "run")
"""Doors whose results draw maps and pages of themselves."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'twin' has no attribute {name!r}")
    if name in _DRAWN:
        drawer = import_module("twin.report.drawer").ReportDrawer()
        import_module("twin.study.drawing").hang(drawer)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
