"""The timetable of a model's day, laid on its streets: worked out once for days that have the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.model.sources import load_timetable
from twin.routing.bus_lines import LineGround, with_bus_lines
from twin.routing.journeys import Offer
from twin.routing.lines import LineRoutes
from twin.scenario.modifications import BusLine
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

MOST_LAID = 2
"""As many are kept: those of a baseline and of its alternative."""


@dataclass(frozen=True, eq=False)
class ChangedOffer:
    """What is offered with the lines that a scenario adds, and what was before them."""

    before: Timetable
    timetable: Timetable
    lines: LineRoutes
    offer_before: Offer
    offer: Offer


_laid: dict[tuple[str, ...], ChangedOffer] = {}


def timetable_on(scenario: Scenario, ground: LineGround, unedited: Territory) -> ChangedOffer | None:
    """The day's timetable; None where a scenario names none and adds no line.

    It was made for the territory before any edit; its buses drive on the ground as edited.
    """
    added = scenario.orders(BusLine)
    path = scenario.timetable_path()
    if path is None and not added:
        return None
    orders = "\n".join(part.model_dump_json() for part in added)
    key = (ground.territory.digest, _stamp(path), orders, ground.parameters.digest)
    if key not in _laid:
        before = load_timetable(scenario, unedited)
        timetable = with_bus_lines(before, added, ground)
        paths, parameters = ground.territory.paths, ground.parameters
        offer = Offer.of(timetable, paths, parameters)
        offer_before = Offer.of(before, paths, parameters) if added else offer
        while len(_laid) >= MOST_LAID:
            del _laid[next(iter(_laid))]
        _laid[key] = ChangedOffer(before, timetable, ground.routes(timetable), offer_before, offer)
    return _laid[key]


def _stamp(path: Path | None) -> str:
    """State of a timetable's files: names, sizes, moments of the last change."""
    if path is None:
        return ""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = [(str(each), each.stat()) for each in files]
    return "\n".join(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)
