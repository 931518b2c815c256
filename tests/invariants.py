"""What must hold after any run of the loading, read from its outputs alone."""

from __future__ import annotations

from itertools import pairwise

from tests.oracles_loading import Loaded
from tests.worlds import Case, Incident

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
    for link, passed in enumerate(passages(case, loaded)):
        exits = [exit_ms for _, exit_ms, _ in passed if exit_ms is not None]
        assert None not in [exit_ms for _, exit_ms, _ in passed[: len(exits)]], f"link {link}: overtaken"
        assert all(a < b for a, b in pairwise(exits)), f"link {link}: not first in, first out"
        free_ms = min([int(case.net.free_ms[link]), *(i.free_ms for i in _changes(case, link) if i.free_ms)])
        for enter_ms, exit_ms, _ in passed[: len(exits)]:
            assert exit_ms is not None
            assert exit_ms - enter_ms >= free_ms, f"link {link}: faster than free flow"
            green = _is_green(case, link, exit_ms) or _may_rotate(case, loaded, exit_ms)
            assert green, f"link {link}: left at red at {exit_ms}"
        check_places(case, loaded, link, passed)
        check_headways(case, loaded, link, [(enter_ms, trip) for enter_ms, _, trip in passed])
        check_headways(case, loaded, link, [(e, trip) for _, e, trip in passed if e is not None])


def check_places(case: Case, loaded: Loaded, link: int, passed: list[Passage]) -> None:
    """Whoever enters finds all its places and their holes; only a rotation squeezes a vehicle in."""
    storage, hole_ms = int(case.net.storage[link]), int(case.net.hole_ms[link])
    hole_comes_ms = [0] * storage
    taken: list[int] = []
    n_left = 0
    for enter_ms, _, trip in passed:
        while n_left < len(taken) and (passed[n_left][1] or enter_ms) <= enter_ms:
            exit_ms = passed[n_left][1]
            if exit_ms is None:
                break
            hole_comes_ms += [exit_ms + hole_ms] * taken[n_left]
            n_left += 1
        places = min(case.places[case.demand.kind_of(trip)], storage)
        free = hole_comes_ms[sum(taken) :]
        if len(free) < places or free[places - 1] > enter_ms:
            assert _may_rotate(case, loaded, enter_ms), f"link {link}: no place at {enter_ms}"
            places = min(places, len(free))
        assert places > 0, f"link {link}: above its storage at {enter_ms}"
        taken.append(places)


def check_headways(case: Case, loaded: Loaded, link: int, moments: list[tuple[int, int]]) -> None:
    """Over one end of a link nobody follows a vehicle sooner than its pace allows."""
    headway_ms = min([int(case.net.headway_ms[link]), *(i.headway_ms for i in _changes(case, link))])
    for (before_ms, trip), (after_ms, _) in pairwise(moments):
        least_ms = max(1, headway_ms * case.pace[case.demand.kind_of(trip)] // 4)
        spaced = after_ms - before_ms >= least_ms or _may_rotate(case, loaded, after_ms)
        assert spaced, f"link {link}: above capacity at {after_ms}"


def _changes(case: Case, link: int) -> list[Incident]:
    return [incident for incident in case.incidents if incident.link == link]


def _is_green(case: Case, link: int, moment_ms: int) -> bool:
    """By the signal in force: the last one that an incident set, or the network's."""
    signal = case.net.signal_of(link)
    for incident in sorted(_changes(case, link), key=lambda incident: incident.at_s):
        if 1_000 * incident.at_s <= moment_ms and incident.signal is not None:
            signal = incident.signal
    cycle_ms, offset_ms, green_ms = signal
    return cycle_ms == 0 or (moment_ms - offset_ms) % cycle_ms < green_ms


def _may_rotate(case: Case, loaded: Loaded, moment_ms: int) -> bool:
    return loaded.rotations > 0 and moment_ms % (1_000 * case.deadlock_check_s) == 0


def check_loaded(case: Case, loaded: Loaded) -> None:
    """All invariants of a run."""
    check_vehicles_conserved(case, loaded)
    check_links(case, loaded)
