"""Routes changed on the way: the kernel and its slow twin are equal on random worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.invariants import check_loaded
from tests.kernels.loading_door import loader_of, routes_of
from tests.oracles import slow_mix
from tests.oracles_link import SlowLink
from tests.oracles_loading import Loaded, SlowLoading
from tests.strategies import cases
from tests.worlds import Case
from twin.mobility.passages import Passages

Way = tuple[int, ...]
"""Links in order."""
Change = tuple[int, int, list[int]]
"""Step before which a trip (modulo the trips there are) changes its way, and its turns from here on."""
CHANGES = st.lists(
    st.tuples(st.integers(1, 110), st.integers(0, 40), st.lists(st.integers(0, 7), max_size=6)),
    min_size=1,
    max_size=12,
)


class Guided(SlowLoading):
    """The slow twin, whose vehicles take other routes from the link on which they are or wait."""

    def changed(self, trip: int, turns: list[int]) -> Way:
        """The link on which a trip is, and the links that its turns lead to, as far as there are any."""
        way = [self.case.demand.routes[trip][self.stage[trip]]]
        for turn in turns:
            following = self.case.net.successors(way[-1])
            if not following:
                break
            way.append(following[turn % len(following)])
        return tuple(way)

    def take_routes(self, ways: dict[int, Way]) -> None:
        """Go other ways from now on; a link that is kept for nobody who still wants it is free again."""
        routes = list(self.case.demand.routes)
        for trip, way in ways.items():
            routes[trip] = routes[trip][: self.stage[trip]] + way
        self.case = replace(self.case, demand=replace(self.case.demand, routes=tuple(routes)))
        for link in self.links:
            if link.kept_for is not None and not self.is_wanted(link):
                link.kept_for = None

    def is_wanted(self, link: SlowLink) -> bool:
        """Whether the head, or the start, for which a link is kept still goes there."""
        if link.kept_for == slow_mix(link.key):
            return len(link.origin_queue) > 0
        heads = [each.on_link[0].trip for each in self.links if each.key == link.kept_for and each.on_link]
        return any(self.target_of(trip) is link for trip in heads)


def agreed(case: Case, stops_s: Iterable[int], ways_of: Callable[[Guided], dict[int, Way]]) -> Loaded:
    """What kernel and slow twin both make of a case in which trips change their ways at the stops."""
    slow, loader = Guided(case), loader_of(case)
    parts: list[Passages] = []
    for until_s in [*sorted(stops_s), case.n_steps]:
        from_s = slow.step_s
        while slow.step_s < until_s:
            slow.step()
        parts.append(loader.advance(from_s, until_s))
        ways = ways_of(slow)
        if ways:
            slow.take_routes(ways)
            loader.take_routes(np.array(list(ways)), routes_of(tuple(ways.values())))
    log = Passages.join(parts)
    columns = (log.trip.tolist(), log.link.tolist(), log.enter_ms.tolist(), log.exit_ms.tolist())
    by_kernel = Loaded(
        loader.vehicles.entered_ms.tolist(),
        loader.vehicles.arrived_ms.tolist(),
        sorted(zip(*columns, strict=True)),
        loader.rotations,
    )
    assert by_kernel == slow.run()
    check_loaded(slow.case, by_kernel)
    return by_kernel


@settings(max_examples=150)
@given(cases(with_incidents=False), CHANGES)
def test_kernel_agrees_with_twin_where_routes_change_on_the_way(case: Case, changes: list[Change]) -> None:
    """At one moment each trip changes once, wherever it is; those that have arrived do not."""

    def ways_of(slow: Guided) -> dict[int, Way]:
        ways: dict[int, Way] = {}
        for at_s, which, turns in changes:
            trip = which % case.demand.n_trips
            if at_s == slow.step_s and slow.arrived_ms[trip] < 0:
                ways.setdefault(trip, slow.changed(trip, turns))
        return ways

    agreed(case, {at_s for at_s, *_ in changes}, ways_of)


def test_a_link_kept_for_who_turns_away_is_free_again() -> None:
    """It was kept for the two places of a lorry; the car beside it takes the one that is there at once."""
    a, b, into, other, behind = 0, 1, 2, 3, 4
    streets = [(0, 2, 100, 1_800), (1, 2, 100, 600), (2, 3, 14, 1_800), (2, 4, 100, 1_800), (3, 5, 500, 120)]
    net = worlds.net_of([worlds.Street(u, v, length, 36, vph) for u, v, length, vph in streets])
    cars = worlds.demand_of([(0.0, (b, into, behind))] * 4 + [(25.0, (a, into, behind))])
    case = Case(net, replace(cars, kind=(0, 0, 0, 0, 1)), 400, deadlock_check_s=0, places=(1, 2), pace=(4, 4))
    slow, lorry = Guided(case), 4
    while slow.links[into].kept_for is None and slow.step_s < case.n_steps:
        slow.step()
    kept_s = slow.step_s
    (first_in_line,) = (each.trip for each in list(slow.links[b].on_link)[:1])

    stays = agreed(case, [kept_s], lambda _: {})
    turns = agreed(case, [kept_s], lambda slow: {lorry: (a, other)} if slow.step_s == kept_s else {})
    in_ms = {(trip, link): enter_ms for trip, link, enter_ms, _ in stays.events}
    assert in_ms[first_in_line, into] > in_ms[lorry, into], "it waited until the lorry was in"
    in_ms = {(trip, link): enter_ms for trip, link, enter_ms, _ in turns.events}
    assert in_ms[first_in_line, into] == 1_000 * kept_s
