"""How residents respond to a scenario in mode and departure: days lived until nobody would change any more.

Each day is lived beside the same day without the scenario's modifications, and what driving took on the one
less what it took on the other is what residents learn. Part of them think about it each day, fewer from day
to day (method of successive averages; Sheffi 1985, Urban Transportation Networks, ch. 5): they choose again
with the errors that were always theirs. Where nothing is modified, the two days are one and nobody changes.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.behaviour.departures import departure_shifts
from twin.behaviour.habits import Habits
from twin.behaviour.learning import reviewers
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.model.choices import IN_A_CAR, DayModes, Felt
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.days.tours import TourModes, tour_modes
from twin.population.tables import CAR, MODES
from twin.scenario.scenario import Scenario
from twin.study.driving_times import DrivingTimes, driving_times
from twin.study.habits import cache_folders
from twin.study.lived_days import live, reviewed
from twin.study.progress import Progress, silent, within
from twin.study.run import World, world_of
from twin.territory.settle import settled

STAYS = 2
"""Days in a row on which hardly anybody would change before residents have settled."""
ROUND_OFFSET = 100_000
"""Who thinks about modes on a day is drawn apart from who reviews a route."""


@dataclass(frozen=True)
class ResponseDay:
    """One day.

    mode_shares: of residents' tours; car_hours, usual_car_hours: driven by all on the day, and on the one
    without modifications [h]; changed_share, shifted_share: tours by another mode than usual, and that set
    out at another time; gap: tours that would be made otherwise after this day.
    """

    mode_shares: dict[str, float]
    car_hours: float
    usual_car_hours: float
    changed_share: float
    shifted_share: float
    gap: float


@dataclass(frozen=True, eq=False)
class Response:
    """How residents of a scenario responded.

    Parameters
    ----------
    days
        Each day lived.
    felt
        What they know of driving in the end.
    usual, mode
        Modes of their tours before and in the end (n_tours,).
    settled
        Whether the gap fell to the ledger's share.
    """

    scenario: Scenario
    seed: int
    days: tuple[ResponseDay, ...]
    felt: Felt
    usual: np.ndarray
    mode: np.ndarray
    settled: bool

    @property
    def moves(self) -> dict[str, dict[str, int]]:
        """Tours by the mode before and the one in the end."""
        table = np.zeros((len(MODES), len(MODES)), dtype=np.int64)
        np.add.at(table, (self.usual, self.mode), 1)
        return {
            before: dict(zip(MODES, row, strict=True))
            for before, row in zip(MODES, table.tolist(), strict=True)
        }

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.scenario.title,
            "seed": self.seed,
            "settled": self.settled,
            "days": [vars(day) for day in self.days],
            "moves": self.moves,
        }


def respond(
    scenario: Scenario,
    seed: int | None = None,
    *,
    days: int = 12,
    threads: int = 1,
    progress: Progress = silent,
) -> Response:
    """Days of a scenario until residents have settled, or ``days`` are over."""
    if days < 1:
        raise InputError("days", f"{days}", "1 or more")
    chosen = scenario.seed if seed is None else seed
    learning, living = within(progress, 0.0, 0.3), within(progress, 0.3, 1.0)
    world = world_of(scenario, chosen, threads=threads, folders=cache_folders(), progress=learning)
    found = respond_in(scenario, chosen, world, (days, threads), living)
    progress(1.0, "done")
    return found


def respond_in(
    scenario: Scenario, seed: int, world: World, how: tuple[int, int], progress: Progress = silent
) -> Response:
    """The same in a world that stands; ``how``: most days, threads."""
    most, threads = how
    spec = settled(scenario, world.territory)
    usual_spec = spec.model_copy(update={"modifications": ()})
    parameters = spec.ledger()
    modes = tour_modes(world.population, world.territory, parameters)
    felt = Felt(*np.zeros((2, len(modes.mode))))
    tolerance = float(parameters["behaviour.response_settled_share"])
    habits = [world.habits, world.habits]
    lived: list[ResponseDay] = []
    mode, calm = modes.mode, 0
    while len(lived) < most and calm < STAYS:
        day = len(lived) + 1
        progress((day - 1) / most, f"day {day}")
        before = _Day.of(usual_spec, seed, world, (habits[0], None, threads), (modes, day))
        after = _Day.of(spec, seed, world, (habits[1], felt, threads), (modes, day))
        habits = [before.habits, after.habits]
        newest = _learned(modes, before.times, after.times, after.model)
        mode = after.mode
        gap = float(np.mean(_would_choose(after, newest)))
        lived.append(_outcome(modes, before, after, felt, gap))
        calm = calm + 1 if gap <= tolerance else 0
        asked = reviewers(seed, ROUND_OFFSET + day, 1.0 / (day + 1), modes.tours.key)
        felt = Felt(
            np.where(asked, newest.saved_min, felt.saved_min),
            np.where(asked, newest.shift_min, felt.shift_min),
        )
        del before, after
        gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes
    return Response(scenario, seed, tuple(lived), felt, modes.mode, mode, calm >= STAYS)


@dataclass(frozen=True, eq=False)
class _Day:
    """A day lived: its record, drivers' habits after it, and what driving takes by them."""

    model: TwinModel
    record: DayRecord
    habits: Habits
    times: DrivingTimes
    mode: np.ndarray

    @staticmethod
    def of(
        spec: Scenario,
        seed: int,
        world: World,
        carried: tuple[Habits, Felt | None, int],
        where: tuple[TourModes, int],
    ) -> _Day:
        """``carried``: habits, what is felt of driving, threads; ``where``: tours and number of the day."""
        habits, felt, threads = carried
        modes, day = where
        model = live(spec, seed, world, (habits, None), threads, felt)
        kept = reviewed(model, day)
        mode = modes.mode if model.modes is None else model.modes.mode
        return _Day(model, record_of(model), kept, driving_times(model, kept, modes), mode)


def _learned(modes: TourModes, before: DrivingTimes, after: DrivingTimes, model: TwinModel) -> Felt:
    """What the two days teach: minutes that driving takes less, and the best moments to set out."""
    saved_min = np.nan_to_num(before.tour_min - after.tour_min)
    shift_min = departure_shifts(
        modes.tours.key, before.first_min, after.first_min, model.parameters, model.seed_
    )
    return Felt(saved_min, shift_min)


def _would_choose(after: _Day, newest: Felt) -> np.ndarray:
    """Tours (n_tours,) by another mode, or by car at another time, if all thought about what they learned."""
    felt, modes = after.model.felt, after.model.modes
    assert felt is not None
    assert modes is not None
    again: DayModes = modes.with_saved(IN_A_CAR, newest.saved_min - felt.saved_min)
    elsewhen = (again.mode == CAR) & (newest.shift_min != felt.shift_min)
    return np.asarray((again.mode != after.mode) | elsewhen)


def _outcome(modes: TourModes, before: _Day, after: _Day, felt: Felt, gap: float) -> ResponseDay:
    shares = np.bincount(after.mode, minlength=len(MODES)) / max(len(after.mode), 1)
    hours = [float(day.record.elapsed_s[day.record.comparable].sum()) / 3_600.0 for day in (after, before)]
    return ResponseDay(
        mode_shares=dict(zip(MODES, shares.tolist(), strict=True)),
        car_hours=hours[0],
        usual_car_hours=hours[1],
        changed_share=float(np.mean(after.mode != modes.mode)),
        shifted_share=float(np.mean((felt.shift_min != 0) & (after.mode == CAR))),
        gap=gap,
    )
