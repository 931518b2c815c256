"""How a fit by rounds ended: by how much the worst aim was missed, and whether its stop rule was met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class FitReport:
    """A fit to aims: rounds made of those allowed, the worst miss and the one its stop rule allows."""

    what: str
    rounds: int
    rounds_limit: int
    worst_miss: float
    tolerance: float
    unit: str
    worst_aim: str
    """The aim that is missed most."""
    asked: float
    reached: float

    @property
    def met(self) -> bool:
        """Whether the stop rule was met before the rounds ran out."""
        return self.worst_miss <= self.tolerance

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name."""
        return {**asdict(self), "met": self.met}

    @classmethod
    def of(
        cls,
        what: str,
        aims: Mapping[str, tuple[float, float]],
        rounds: tuple[int, int],
        tolerance: float,
        unit: str,
    ) -> FitReport:
        """A fit from its aims: asked and reached by name; rounds used and allowed.

        >>> aims = {"car": (0.6, 0.6), "walk": (0.4, 0.3)}
        >>> FitReport.of("mode shares, town", aims, (9, 9), 0.01, "share").worst_aim
        'walk'
        """
        if not aims:
            return cls(what, *rounds, 0.0, tolerance, unit, "", 0.0, 0.0)
        missed = {name: abs(asked - reached) for name, (asked, reached) in aims.items()}
        worst = max(missed, key=lambda name: missed[name])
        asked, reached = aims[worst]
        return cls(what, *rounds, missed[worst], tolerance, unit, worst, asked, reached)
