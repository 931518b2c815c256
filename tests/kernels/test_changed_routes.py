"""Routes changed on the way: the kernel and its slow twin are equal on random worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.invariants import check_loaded
from tests.kernels.loading_door import loader_of, routes_of
from tests.oracles import slow_mix
from tests.oracles_link import SlowLink
from tests.oracles_loading import Loaded, SlowLoading
from tests.strategies import cases
from tests.worlds import Case
from twin.mobility.passages import Passages

Change = tuple[int, int, list[int]]
"""Step before which a trip (modulo the trips there are) changes its way, and its turns from here on."""
CHANGES = st.lists(
    st.tuples(st.integers(1, 110), st.integers(0, 40), st.lists(st.integers(0, 7), max_size=6)),
    min_size=1,
    max_size=12,
)


class Guided(SlowLoading):
    """The slow twin, whose vehicles take other routes from the link on which they are or wait."""

    def changed(self, trip: int, turns: list[int]) -> tuple[int, ...]:
        """The link on which a trip is, and the links that its turns lead to, as far as there are any."""
        way = [self.case.demand.routes[trip][self.stage[trip]]]
        for turn in turns:
            following = self.case.net.successors(way[-1])
            if not following:
                break
            way.append(following[turn % len(following)])
        return tuple(way)

    def take_routes(self, ways: dict[int, tuple[int, ...]]) -> None:
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


@settings(max_examples=150)
@given(cases(with_incidents=False), CHANGES)
def test_kernel_agrees_with_twin_where_routes_change_on_the_way(case: Case, changes: list[Change]) -> None:
    """At one moment each trip changes once, wherever it is; those that have arrived do not."""
    slow, loader = Guided(case), loader_of(case)
    parts: list[Passages] = []
    for until_s in [*sorted({at_s for at_s, *_ in changes}), case.n_steps]:
        from_s = slow.step_s
        while slow.step_s < until_s:
            slow.step()
        parts.append(loader.advance(from_s, until_s))
        ways: dict[int, tuple[int, ...]] = {}
        for at_s, which, turns in changes:
            trip = which % case.demand.n_trips
            if at_s == until_s and slow.arrived_ms[trip] < 0:
                ways.setdefault(trip, slow.changed(trip, turns))
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
