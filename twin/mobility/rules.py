"""Rules of a loading that hold everywhere: deadlocks, origins, what kinds of vehicles take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import WorkError
from twin.kernels.traffic import MOST_KINDS, Settings


@dataclass(frozen=True)
class Rules:
    """Numbers of the loading that hold everywhere (rows of the ledger).

    ``places`` and ``pace`` are what kinds of vehicles take: places on a link, quarters of a car's headway.
    Deadlocks are looked for every ``deadlock_check_s``, never with 0.
    """

    origin_priority: float
    deadlock_check_s: int
    places: tuple[int, ...] = (1,)
    pace: tuple[int, ...] = (4,)


def settings_of(rules: Rules) -> Settings:
    """The rules as kernels take them."""
    if len(rules.places) != len(rules.pace) or len(rules.places) > MOST_KINDS or max(rules.places) > 7:
        most = f"{MOST_KINDS} kinds and 7 places at most"
        raise WorkError(f"places {rules.places} and pace {rules.pace}: as many of both, {most}")
    places, pace = np.ones(MOST_KINDS, dtype=np.int32), np.full(MOST_KINDS, 4, dtype=np.int32)
    places[: len(rules.places)], pace[: len(rules.pace)] = rules.places, rules.pace
    return Settings(int(rules.deadlock_check_s), places, pace, int(places.max()))
