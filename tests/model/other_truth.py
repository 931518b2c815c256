"""Truth changed in every column while actors act, and put back: what they do must not hang on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from twin.model.city_day import city_estimate
from twin.model.phases import Phase
from twin.model.state import KINDS, Access, DayState
from twin.model.twin_model import TwinModel

LEFT_ALONE = {
    "loader.network.": "the map: it never moves, and everybody has it",
    "loader.supply.": "the arrays of the group supply by another name: changed with it",
    "loader.under_way": "cut to half its length instead: it must stay in order",
}
ROUTES = ("loader.words", "loader.traffic.slots.code")
"""Turns, which from other links would lead out of the map: each route ends where its vehicle is."""
COUNTS = ("n_words", "n_released", "rotations", "max_origin_queue_veh", "max_gate_queue_veh")
"""Numbers that stand beside the columns."""


def of_kind(state: DayState, is_truth: bool) -> dict[str, np.ndarray]:
    """Columns of the state that are truth, or those that are not."""
    return {
        name: column
        for name, column in state.columns().items()
        if (KINDS[name.split(".")[0]] == "truth") is is_truth
    }


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns are the same to the bit, whatever their type."""
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


@contextmanager
def other_truth(state: DayState, seed: int) -> Iterator[set[str]]:
    """While it lasts, no element of a truth column has its own value; gives the names of these columns."""
    groups = (state.loader, state.log)
    beside = [dict(vars(group)) for group in groups]
    _shorten(state)
    columns = {
        name: column
        for name, column in of_kind(state, True).items()
        if column.size and not name.startswith(tuple(LEFT_ALONE))
    }
    true = {name: column.copy() for name, column in columns.items()}
    draw = np.random.default_rng(seed)
    try:
        for name, column in reversed(columns.items()):  # the memory of links lies within that of slots
            column[...] = _other_values(name, true[name], state, draw)
        assert [name for name, column in columns.items() if same(column, true[name])] == []
        yield {*columns, "loader.under_way"}
    finally:
        for name, column in columns.items():
            column[...] = true[name]
        for group, values in zip(groups, beside, strict=True):
            vars(group).update(values)


def _shorten(state: DayState) -> None:
    """How long a list is tells something, too: half as many under way and passages, other counts."""
    loader, log = state.loader, state.log
    for group in (loader, log):
        vars(group).update({name: vars(group)[name] + 1 for name in COUNTS if name in vars(group)})
    loader.under_way = loader.under_way[::2].copy()
    log.parts = log.parts[:-1]
    log.last = log.last.of(np.arange(log.last.trip.size) % 2 == 0)


def _other_values(name: str, true: np.ndarray, state: DayState, draw: np.random.Generator) -> np.ndarray:
    """For each element another of the values that its column takes, so that whoever reads it finds sense."""
    if name in ROUTES:
        return np.full_like(true, np.iinfo(true.dtype).max)
    if true.dtype == np.bool_:
        return ~true
    values, place = np.unique(true, return_inverse=True)
    if values.size == 1:
        return np.nan_to_num(true) + 1
    other = values[(place.reshape(true.shape) + draw.integers(1, values.size, true.shape)) % values.size]
    if name == "loader.vehicles.at":  # a row of slots or of words: let it be one of both
        other = np.minimum(other, state.loader.traffic.slots.shape[0] - 1)
    return other


def deceived(phase: Phase) -> Phase:
    """The phase, acted under another truth."""

    def run(model: TwinModel, state: Access, moment_s: int) -> None:
        with other_truth(model.state, moment_s):
            phase.run(model, state, moment_s)

    return replace(phase, run=run)


def differing(honest: TwinModel, other: TwinModel, n_steps: int = 3) -> list[str]:
    """What two models that are alike hold differently once the other's actors act under another truth.

    Compared after each step: every column that is not truth (pictures, advice, orders, notices, bookings,
    plans), and what the city would say of the day. Columns of the first step in which any differs.
    """
    usual = other.phases
    other.phases = tuple(deceived(phase) if phase.actor else phase for phase in usual)
    found: list[str] = []
    while not found and n_steps:
        for model in (honest, other):
            model.step()
        held = _held(honest)
        with other_truth(other.state, other.now_s):
            others = _held(other)
        shared = held.keys() & others.keys()
        found = sorted(held.keys() ^ others.keys() | {n for n in shared if not same(held[n], others[n])})
        n_steps -= 1
    other.phases = usual
    return found


def _held(model: TwinModel) -> dict[str, np.ndarray]:
    """All that is not truth, and what the city would say of the day."""
    city = city_estimate(model)
    return of_kind(model.state, False) | {"city.flow_veh": city.flow_veh, "city.speed_mps": city.speed_mps}
