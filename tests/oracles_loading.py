"""The slow twin of the loading kernel, in plain Python.

It keeps every moment in lists and searches every candidate anew; nothing in it is clever.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.oracles import cycles_of, slow_mix, slow_uniform
from tests.worlds import Case, Incident
from twin.kernels.random import stream_of

MERGE_STREAM = int(stream_of("loading.merge"))


@dataclass
class SlowLink:
    """One link: a first-in-first-out queue, its origin queue and all its entry and exit moments [ms]."""

    tail: int
    head: int
    free_ms: int
    hole_ms: int
    storage: int
    headway_ms: int
    key: int
    weight: float
    closed: bool = False
    on_link: deque[tuple[int, int]] = field(default_factory=deque)  # (trip, moment ready to leave)
    origin_queue: deque[int] = field(default_factory=deque)
    enters: list[int] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    next_entry_ms: int = 0
    next_exit_ms: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.on_link) == self.storage

    def place_usable_ms(self) -> float:
        """When the next vehicle finds a place at the upstream end; infinite if none has been left."""
        before = len(self.enters) - self.storage
        if before < 0:
            return 0
        return self.exits[before] + self.hole_ms if before < len(self.exits) else math.inf


@dataclass(frozen=True)
class Loaded:
    """What a run of the loading leaves, by trip; events (trip, link, enter_ms, exit_ms) are sorted."""

    entered_ms: list[int]
    arrived_ms: list[int]
    events: list[tuple[int, int, int, int]]
    rotations: int


@dataclass(order=True)
class Candidate:
    """A vehicle that may move over a node: earliest feasible moment first, then race, then key."""

    moment_ms: float
    race: float
    key: int
    source: SlowLink | None = field(compare=False)  # None: from the target's origin queue
    target: SlowLink | None = field(compare=False)  # None: the vehicle ends


class SlowLoading:
    """Queue loading with spillback, second by second (rules: the door of the loading kernel)."""

    def __init__(self, case: Case, node_order: Sequence[int] | None = None) -> None:
        net, demand = case.net, case.demand
        self.case = case
        self.step_s = 0
        self.node_order = range(net.n_nodes) if node_order is None else node_order
        self.links = [
            SlowLink(*(int(x) for x in row[:-1]), weight=float(row[-1]))
            for row in zip(
                *(net.tail, net.head, net.free_ms, net.hole_ms),
                *(net.storage, net.headway_ms, net.link_key, net.weight),
                strict=True,
            )
        ]
        self.in_links = [[x for x in self.links if x.head == node] for node in range(net.n_nodes)]
        self.out_links = [[x for x in self.links if x.tail == node] for node in range(net.n_nodes)]
        self.stage = [0] * demand.n_trips  # how many links of its route a trip has left
        self.entered_ms = [-1] * demand.n_trips
        self.arrived_ms = [-1] * demand.n_trips
        self.link_enter_ms = [-1] * demand.n_trips
        self.events: list[tuple[int, int, int, int]] = []
        self.rotations = 0
        self.release_ms = [int(moment_ms) for moment_ms in demand.release_ms]
        for trip, moment_ms in enumerate(self.release_ms):
            if moment_ms >= 0:
                self.release(trip)

    def release(self, trip: int) -> None:
        """Join the origin queue, which stands in the order of (moment of release, key)."""
        key = self.case.demand.trip_key
        queue = self.links[self.case.demand.routes[trip][0]].origin_queue
        stands = sorted([*queue, trip], key=lambda each: (self.release_ms[each], int(key[each])))
        queue.clear()
        queue.extend(stands)

    def apply(self, incident: Incident) -> None:
        """Change one link from now on; moments promised before stand."""
        link = self.links[incident.link]
        link.closed, link.headway_ms = incident.closed, incident.headway_ms

    def step(self) -> None:
        """One second: every node moves what can be moved, then deadlocked cycles may rotate."""
        for incident in self.case.incidents:
            if incident.at_s == self.step_s:
                self.apply(incident)
        end_ms = 1_000 * (self.step_s + 1)
        for node in self.node_order:
            while True:
                best = min(self.candidates(node), default=None)
                if best is None or best.moment_ms >= end_ms:
                    break
                self.move(best)
        if (self.step_s + 1) % self.case.deadlock_check_s == 0:
            self.rotate(end_ms)
        self.step_s += 1

    def candidates(self, node: int) -> list[Candidate]:
        """Heads of the node's in-links and of the origin queues of its out-links."""
        heads = [self.head_candidate(link) for link in self.in_links[node] if link.on_link]
        return heads + [self.origin_candidate(link) for link in self.out_links[node] if link.origin_queue]

    def head_candidate(self, link: SlowLink) -> Candidate:
        trip, ready_ms = link.on_link[0]
        target = self.target_of(trip)
        moment_ms = max(1_000 * self.step_s, ready_ms, link.next_exit_ms, self.entry_ms(target, link.closed))
        return Candidate(moment_ms, self.race(link.key, link.weight), link.key, link, target)

    def origin_candidate(self, target: SlowLink) -> Candidate:
        release_ms = self.release_ms[target.origin_queue[0]]
        moment_ms = max(1_000 * self.step_s, release_ms, self.entry_ms(target, from_closed=False))
        key = slow_mix(target.key)
        race = self.race(key, self.case.origin_priority * target.weight)
        return Candidate(moment_ms, race, key, None, target)

    def target_of(self, trip: int) -> SlowLink | None:
        route = self.case.demand.routes[trip]
        following = self.stage[trip] + 1
        return self.links[route[following]] if following < len(route) else None

    def entry_ms(self, target: SlowLink | None, from_closed: bool) -> float:
        """Earliest moment at which the target takes one more vehicle."""
        if target is None:
            return 0
        if target.closed and not from_closed:
            return math.inf
        return max(target.next_entry_ms, target.place_usable_ms())

    def race(self, key: int, weight: float) -> float:
        """Exponential race: the smallest of several wins with a chance proportional to its weight."""
        u = slow_uniform(self.case.seed, MERGE_STREAM, key, self.step_s)
        return -math.log(1 - u) / weight

    def move(self, best: Candidate) -> None:
        moment_ms = int(best.moment_ms)
        if best.source is not None:
            trip = self.leave(best.source, moment_ms)
        else:
            assert best.target is not None
            trip = best.target.origin_queue.popleft()
            self.entered_ms[trip] = moment_ms
        if best.target is not None:
            self.enter(best.target, trip, moment_ms)
        else:
            self.arrive(trip, moment_ms)

    def arrive(self, trip: int, moment_ms: int) -> None:
        """The vehicle is done; a leg that follows it stands at its stop until it may leave."""
        self.arrived_ms[trip] = moment_ms
        demand, leg = self.case.demand, self.case.demand.following(trip)
        if leg >= 0:
            self.release_ms[leg] = max(moment_ms + demand.dwell_ms[leg], demand.not_before_ms[leg])
            self.release(leg)

    def leave(self, link: SlowLink, moment_ms: int) -> int:
        """Take the head off its link."""
        trip, _ = link.on_link.popleft()
        row = self.case.demand.routes[trip][self.stage[trip]]
        self.events.append((trip, row, self.link_enter_ms[trip], moment_ms))
        self.stage[trip] += 1
        link.exits.append(moment_ms)
        link.next_exit_ms = moment_ms + link.headway_ms
        return trip

    def enter(self, link: SlowLink, trip: int, moment_ms: int) -> None:
        link.on_link.append((trip, moment_ms + link.free_ms))
        link.enters.append(moment_ms)
        link.next_entry_ms = moment_ms + link.headway_ms
        self.link_enter_ms[trip] = moment_ms

    def rotate(self, end_ms: int) -> None:
        """Move every deadlocked cycle of full links on by one vehicle."""
        wants: dict[int, int] = {}
        for row, link in enumerate(self.links):
            if link.on_link and link.on_link[0][1] <= end_ms:
                trip = link.on_link[0][0]
                target = self.target_of(trip)
                if target is not None and target.is_full and (link.closed or not target.closed):
                    wants[row] = self.case.demand.routes[trip][self.stage[trip] + 1]
        for cycle in cycles_of(wants):
            trips = [self.leave(self.links[row], end_ms) for row in cycle]
            for row, trip in zip(cycle, trips, strict=True):
                self.enter(self.links[wants[row]], trip, end_ms)
            self.rotations += 1

    def run(self) -> Loaded:
        while self.step_s < self.case.n_steps:
            self.step()
        return Loaded(self.entered_ms, self.arrived_ms, sorted(self.events), self.rotations)


def load(case: Case) -> Loaded:
    """Run the slow twin over a case."""
    return SlowLoading(case).run()
