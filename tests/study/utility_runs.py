"""Stands in for a day whose substation fails: the small day, dark from ten to four, with a story to tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.indicators.small_day import small_day
from tests.indicators.utility_days import outage, utilities_record
from twin.indicators.utilities_record import FailureRows, VisitRows
from twin.scenario.scenario import Scenario
from twin.study.digital_dependence import FALLBACK
from twin.study.progress import Progress
from twin.study.results import Result
from twin.territory.utilities.tables import POWER, TELECOM, WATER

HOUR_S = 3_600.0
FELL = (
    # element, kind, utility, hour, round, why, because of, restored at, by
    ("S1", "hv_mv_substation", POWER, 10.0, 0, "broken", "", 16.0, "crew power 1"),
    ("T1", "station", POWER, 10.0, 1, "not reached", "S1", 16.0, ""),
    ("T2", "station", POWER, 10.0, 1, "not reached", "S1", 16.0, ""),
    ("P1", "pump", WATER, 10.0, 2, "no power", "T1", 16.25, ""),
    *((f"L{row}", "lv_node", POWER, 10.0, 2, "not reached", "T1", 16.0, "") for row in range(5)),
    ("C1", "lv_cable", POWER, 10.0, 2, "not reached", "T1", 16.0, ""),
    ("M1", "site", TELECOM, 10.5, 1, "no power", "L1", 16.25, ""),
    ("M2", "site", TELECOM, 10.5, 1, "no power", "L2", np.nan, ""),
)


def fallen() -> FailureRows:
    """The story above as rows."""
    ids, kind, utility, hour, turn, why, because, back, crew = zip(*FELL, strict=True)
    texts = [np.array(each, dtype=np.str_) for each in (ids, kind, why, because, crew)]
    return FailureRows(
        texts[0], texts[1], np.array(utility, dtype=np.int8), HOUR_S * np.array(hour),
        np.array(turn, dtype=np.int32), texts[2], texts[3], HOUR_S * np.array(back, dtype=float), texts[4],
    )  # fmt: skip


@dataclass
class DarkRuns:
    """The less there is by hand, the longer it is dark: until six, instead of four, and later by the seed."""

    territory: Any = None
    helps: bool = True

    def __call__(self, scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
        """One run."""
        by_hand = any(each.kind == FALLBACK for each in scenario.modifications)
        record = (
            small_day(seed=seed) if self.territory is None else small_day(seed=seed, territory=self.territory)
        )
        until_h = 16.0 + 0.25 * (seed % 3) + (0.0 if by_hand is self.helps else 2.0)
        shares = {
            "power": outage(4, [0, 2], 10.0, until_h),
            "water": outage(4, [2], 12.0, 13.0),
            "fibre": outage(4, [0, 2], 10.0, until_h),
            "mobile": outage(4, [0, 1, 2, 3], 10.5, until_h),
        }
        visits = VisitRows(*(np.array([each]) for each in ("crew power 1", "S1")), *np.array(
            [[10.5], [11.0], [16.0]]) * HOUR_S)  # fmt: skip
        day = utilities_record(
            record.territory.places.place_id,
            shares,
            failures=fallen(),
            visits=visits,
            manual_fallback=by_hand,
        )
        return Result.of_day(replace(record, utilities=day), scenario)


@dataclass
class QuietRuns:
    """A day without utility networks."""

    def __call__(self, scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
        """One run."""
        return Result.of_day(small_day(seed=seed), scenario)


def dark_result(scenario: Scenario, folder: Path | None = None, territory: Any = None) -> Result:
    """One run of the dark day, kept in a folder if one is named."""
    from twin.study.progress import silent

    result = DarkRuns(territory)(scenario, seed=1, progress=silent, cache=False)
    if folder is not None:
        result.save(folder)
    return result
