"""What must hold after any run of the loading, read from its outputs alone."""

from __future__ import annotations

from itertools import pairwise

from tests.oracles_loading import Loaded
from tests.worlds import Case

Passage = tuple[int, int | None, int]
"""Entry moment [ms], exit moment (None: still there), trip."""


def passages(case: Case, loaded: Loaded) -> list[list[Passage]]:
    """For every link the vehicles that entered it, by entry moment."""
    found: list[list[Passage]] = [[] for _ in range(case.net.n_links)]
    stage = [0] * case.demand.n_trips
    since_ms = list(loaded.entered_ms)
    for trip, link, enter_ms, exit_ms in sorted(loaded.events, key=lambda event: event[2]):
        found[link].append((enter_ms, exit_ms, trip))
        stage[trip] += 1
        since_ms[trip] = exit_ms
    for trip, route in enumerate(case.demand.routes):
        if since_ms[trip] >= 0 and stage[trip] < len(route):
            found[route[stage[trip]]].append((since_ms[trip], None, trip))
    return [sorted(link, key=lambda passage: passage[0]) for link in found]


def check_vehicles_conserved(case: Case, loaded: Loaded) -> None:
    """At every moment a released vehicle is at one place: waiting, on one link of its route, or arrived."""
    journeys: list[list[tuple[int, int, int]]] = [[] for _ in range(case.demand.n_trips)]
    for trip, link, enter_ms, exit_ms in loaded.events:
        journeys[trip].append((enter_ms, exit_ms, link))
    for trip, journey in enumerate(journeys):
        route, entered_ms = case.demand.routes[trip], loaded.entered_ms[trip]
        journey.sort()
        assert tuple(link for *_, link in journey) == route[: len(journey)], f"trip {trip} left its route"
        assert all(leaves == enters for (_, leaves, _), (enters, *_) in pairwise(journey)), f"{trip} jumps"
        assert entered_ms == -1 or entered_ms >= case.demand.release_ms[trip]
        if case.demand.following(trip) >= 0 and loaded.entered_ms[case.demand.following(trip)] >= 0:
            check_goes_on(case, loaded, trip)
        if journey:
            assert journey[0][0] == entered_ms
        assert loaded.arrived_ms[trip] == (journey[-1][1] if len(journey) == len(route) else -1)


def check_goes_on(case: Case, loaded: Loaded, trip: int) -> None:
    """A leg begins after the one before it has arrived and dwelt, and not before its timetable says."""
    demand, leg = case.demand, case.demand.following(trip)
    arrived_ms, entered_ms = loaded.arrived_ms[trip], loaded.entered_ms[leg]
    assert arrived_ms >= 0, f"leg {leg} before its bus came"
    assert entered_ms >= max(arrived_ms + demand.dwell_ms[leg], demand.not_before_ms[leg])


def check_links(case: Case, loaded: Loaded) -> None:
    """Storage and holes respected, first in first out, nobody faster than free flow, flow within capacity."""
    net = case.net
    for link, passed in enumerate(passages(case, loaded)):
        enters = [enter_ms for enter_ms, _, _ in passed]
        exits = [exit_ms for _, exit_ms, _ in passed if exit_ms is not None]
        assert None not in [exit_ms for _, exit_ms, _ in passed[: len(exits)]], f"link {link}: overtaken"
        assert all(a < b for a, b in pairwise(exits)), f"link {link}: not first in, first out"
        for enter_ms, exit_ms in zip(enters, exits, strict=False):
            assert exit_ms - enter_ms >= net.free_ms[link], f"link {link}: faster than free flow"
        storage = int(net.storage[link])
        for enter_ms, freed_ms in zip(enters[storage:], exits + [10**15] * len(enters), strict=False):
            turned = enter_ms == freed_ms and _may_rotate(case, loaded, enter_ms)
            assert turned or enter_ms >= freed_ms + net.hole_ms[link], f"link {link}: no place at {enter_ms}"
        changed_ms = [incident.headway_ms for incident in case.incidents if incident.link == link]
        headway_ms = min([int(net.headway_ms[link]), *changed_ms])
        for moments in (enters, exits):
            for before, after in pairwise(moments):
                spaced = after - before >= headway_ms or _may_rotate(case, loaded, after)
                assert spaced, f"link {link}: above capacity at {after}"


def _may_rotate(case: Case, loaded: Loaded, moment_ms: int) -> bool:
    return loaded.rotations > 0 and moment_ms % (1_000 * case.deadlock_check_s) == 0


def check_loaded(case: Case, loaded: Loaded) -> None:
    """All invariants of a run."""
    check_vehicles_conserved(case, loaded)
    check_links(case, loaded)
