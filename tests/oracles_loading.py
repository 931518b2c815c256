"""The slow twin of the loading kernel, in plain Python.

It keeps every moment in lists and searches every candidate anew; nothing in it is clever.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.oracles import cycles_of, slow_mix
from tests.oracles_link import Candidate, SlowLink, Stored
from tests.worlds import Case, Incident


@dataclass(frozen=True)
class Loaded:
    """What a run of the loading leaves, by trip; events (trip, link, enter_ms, exit_ms) are sorted."""

    entered_ms: list[int]
    arrived_ms: list[int]
    events: list[tuple[int, int, int, int]]
    rotations: int


class SlowLoading:
    """Queue loading with spillback, second by second (rules: docs/loading.md)."""

    def __init__(self, case: Case, node_order: Sequence[int] | None = None) -> None:
        net, demand = case.net, case.demand
        self.case = case
        self.step_s = 0
        self.node_order = range(net.n_nodes) if node_order is None else node_order
        self.links = [self.empty_link(row) for row in range(net.n_links)]
        self.in_links = [[x for x in self.links if x.head == node] for node in range(net.n_nodes)]
        self.out_links = [[x for x in self.links if x.tail == node] for node in range(net.n_nodes)]
        self.credit: dict[int, int] = {}  # by key of the candidate
        self.stage = [0] * demand.n_trips  # how many links of its route a trip has left
        self.entered_ms = [-1] * demand.n_trips
        self.arrived_ms = [-1] * demand.n_trips
        self.events: list[tuple[int, int, int, int]] = []
        self.rotations = 0
        self.release_ms = [int(moment_ms) for moment_ms in demand.release_ms]
        for trip, moment_ms in enumerate(self.release_ms):
            if moment_ms >= 0:
                self.release(trip)

    def empty_link(self, row: int) -> SlowLink:
        net = self.case.net
        columns = (net.tail, net.head, net.free_ms, net.hole_ms, net.storage, net.headway_ms, net.link_key)
        weight = max(1, round(float(net.weight[row]) * 3_600))
        signal, (gap_ms, majors) = net.signal_of(row), net.gap_of(row)
        return SlowLink(*(int(column[row]) for column in columns), weight, signal, gap_ms, majors)

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
        if incident.free_ms is not None:
            link.free_ms = incident.free_ms
        if incident.signal is not None:
            link.signal = incident.signal

    @property
    def now_ms(self) -> int:
        """The start of the present step."""
        return 1_000 * self.step_s

    @property
    def end_ms(self) -> int:
        """The end of the present step."""
        return self.now_ms + 1_000

    def step(self) -> None:
        """One second: every node moves what can be moved, then deadlocked circles may rotate."""
        for incident in self.case.incidents:
            if incident.at_s == self.step_s:
                self.apply(incident)
        for node in self.node_order:
            self.work(node)
        check_s = self.case.deadlock_check_s
        if check_s > 0 and (self.step_s + 1) % check_s == 0:
            self.rotate()
        self.step_s += 1

    def work(self, node: int) -> None:
        """All movements over a node within the step."""
        while True:
            candidates = self.candidates(node)
            best = min(candidates, default=None)
            if best is None or best.moment_ms >= self.end_ms:
                return
            if best.source is not None and self.is_hindered(best.source, best.moment_ms):
                # who is in the way may itself be hindered: then nothing is clear before the next step
                again_ms = self.last_in_the_way_ms(best.source, best.moment_ms) + 1
                best.source.looks_again_ms = int(again_ms if again_ms > best.moment_ms else self.end_ms)
                continue
            winner = self.turn(best, candidates)
            if winner.moment_ms > best.moment_ms:  # it wants more places than there are
                assert winner.target is not None
                winner.target.kept_for = winner.key
            else:
                self.move(winner)

    def candidates(self, node: int) -> list[Candidate]:
        """Heads of the node's in-links and of the origin queues of its out-links."""
        heads = [self.head_candidate(link) for link in self.in_links[node] if link.on_link]
        return heads + [self.origin_candidate(link) for link in self.out_links[node] if link.origin_queue]

    def head_candidate(self, link: SlowLink) -> Candidate:
        head = link.on_link[0]
        target = self.target_of(head.trip)
        opens_ms = self.entry_ms(target, head.trip, link.closed, link.key)
        moment_ms = max(self.now_ms, head.ready_ms, link.next_exit_ms, link.looks_again_ms, opens_ms)
        return Candidate(link.green_ms(moment_ms), link.key, link, target)

    def origin_candidate(self, target: SlowLink) -> Candidate:
        trip, key = target.origin_queue[0], slow_mix(target.key)
        moment_ms = max(self.now_ms, self.release_ms[trip], self.entry_ms(target, trip, False, key))
        return Candidate(moment_ms, key, None, target)

    def target_of(self, trip: int) -> SlowLink | None:
        route = self.case.demand.routes[trip]
        following = self.stage[trip] + 1
        return self.links[route[following]] if following < len(route) else None

    def places_on(self, link: SlowLink, trip: int) -> int:
        """Places that a vehicle wants on a link: never more than there are."""
        return min(self.case.places[self.case.demand.kind_of(trip)], link.storage)

    def headway_after_ms(self, link: SlowLink, trip: int) -> int:
        """How long nobody follows a vehicle over one end of a link."""
        return max(1, link.headway_ms * self.case.pace[self.case.demand.kind_of(trip)] // 4)

    def entry_ms(self, target: SlowLink | None, trip: int, from_closed: bool, key: int) -> float:
        """Earliest moment at which the target takes a vehicle; a later step where it is kept for another."""
        if target is None:
            return 0
        if target.closed and not from_closed:
            return math.inf
        if target.kept_for not in (None, key):
            return self.end_ms
        return target.opens_ms(self.places_on(target, trip))

    # ------------------------------------------------------------------------------------------ gaps

    def passing_ms(self, major: SlowLink) -> float:
        """When the head of a major link goes over the node if no link ahead holds it."""
        return major.green_ms(max(self.now_ms, major.on_link[0].ready_ms, major.next_exit_ms))

    def waits_for_its_link(self, major: SlowLink) -> bool:
        """Whether the head of a major link is held by the link ahead, so that it is no stream."""
        trip = major.on_link[0].trip
        target = self.target_of(trip)
        if target is None:
            return False
        if (target.closed and not major.closed) or target.kept_for not in (None, major.key):
            return True
        passing_ms = self.passing_ms(major)
        # a place that is left within this step is not known at this end before its end
        known_ms = min(passing_ms, self.end_ms - 1)
        return target.next_entry_ms > passing_ms or (
            target.hole_comes_ms(self.places_on(target, trip)) > known_ms
        )

    def in_the_way(self, link: SlowLink, moment_ms: float) -> list[float]:
        """When those pass who are too near for the head of a link to go over the node at a moment."""
        majors = [self.links[row] for row in link.yields_to]
        # who entered within this step is not known at this end before its end
        seen = [major for major in majors if major.on_link and major.on_link[0].enter_ms < self.now_ms]
        passing = [self.passing_ms(major) for major in seen if not self.waits_for_its_link(major)]
        return [passes_ms for passes_ms in passing if passes_ms < moment_ms + link.gap_ms]

    def is_hindered(self, link: SlowLink, moment_ms: float) -> bool:
        return moment_ms < link.looks_again_ms or len(self.in_the_way(link, moment_ms)) > 0

    def last_in_the_way_ms(self, link: SlowLink, moment_ms: float) -> float:
        return max(self.in_the_way(link, moment_ms))

    # ----------------------------------------------------------------------------------------- turns

    def claims(self, target: SlowLink, moment_ms: float) -> dict[int, int]:
        """Weights of those who wait for a link at the moment at which it opens, by key of the candidate."""
        weights = {}
        for link in self.in_links[target.tail]:
            if not link.on_link:
                continue
            head = link.on_link[0]
            comes = head.ready_ms <= moment_ms and self.target_of(head.trip) is target
            held = link.green_ms(moment_ms) > moment_ms or (target.closed and not link.closed)
            if comes and not held and not self.is_hindered(link, moment_ms):
                weights[link.key] = link.weight
        queue = target.origin_queue
        if queue and self.release_ms[queue[0]] <= moment_ms and not target.closed:
            weights[slow_mix(target.key)] = max(1, round(self.case.origin_priority * target.weight))
        return weights

    def turn(self, best: Candidate, candidates: list[Candidate]) -> Candidate:
        """Who moves: the best, or whoever's turn it is where its link opens at that very moment.

        The turn may fall to one that has to wait for more places.
        """
        moment_ms, target = best.moment_ms, best.target
        if target is None or target.opens_ms(1) != moment_ms or target.kept_for is not None:
            return best
        weights = self.claims(target, moment_ms)
        total = sum(weights.values())
        for key, weight in weights.items():
            self.credit[key] = min(self.credit.get(key, 0) + weight, total)
        rivals = [
            rival
            for rival in candidates
            if rival.key in weights and (rival.source is None or rival.source.next_exit_ms <= moment_ms)
        ]
        winner = min(rivals, key=lambda rival: (-self.credit[rival.key], rival.key))
        self.credit[winner.key] = max(self.credit[winner.key] - total, -total)
        return winner

    # ----------------------------------------------------------------------------------------- moves

    def move(self, best: Candidate) -> None:
        moment_ms = int(best.moment_ms)
        if best.source is not None:
            trip = self.leave(best.source, moment_ms)
        else:
            assert best.target is not None
            trip = best.target.origin_queue.popleft()
            self.entered_ms[trip] = moment_ms
        if best.target is None:
            self.arrive(trip, moment_ms)
            return
        self.enter(best.target, trip, moment_ms)
        if best.target.kept_for is not None:  # it was kept for this one: others come from the next step on
            best.target.kept_for = None
            best.target.next_entry_ms = max(best.target.next_entry_ms, self.end_ms)

    def arrive(self, trip: int, moment_ms: int) -> None:
        """The vehicle is done; a leg that follows it stands at its stop until it may leave."""
        self.arrived_ms[trip] = moment_ms
        demand, leg = self.case.demand, self.case.demand.following(trip)
        if leg >= 0:
            self.release_ms[leg] = max(moment_ms + demand.dwell_ms[leg], demand.not_before_ms[leg])
            self.release(leg)

    def leave(self, link: SlowLink, moment_ms: int) -> int:
        """Take the head off its link."""
        head = link.on_link.popleft()
        row = self.case.demand.routes[head.trip][self.stage[head.trip]]
        self.events.append((head.trip, row, head.enter_ms, moment_ms))
        self.stage[head.trip] += 1
        link.hole_moments += [moment_ms + link.hole_ms] * head.places
        link.next_exit_ms = moment_ms + self.headway_after_ms(link, head.trip)
        link.looks_again_ms = 0
        return head.trip

    def enter(self, link: SlowLink, trip: int, moment_ms: int) -> None:
        """Take places on a link: all that are wanted, or what is there where a rotation squeezes."""
        places = min(self.places_on(link, trip), link.n_free)
        link.on_link.append(Stored(trip, moment_ms, moment_ms + link.free_ms, places))
        link.n_taken += places
        link.next_entry_ms = moment_ms + self.headway_after_ms(link, trip)

    def rotate(self) -> None:
        """Move every deadlocked circle on by one vehicle, at the end of the step."""
        wants: dict[int, int] = {}
        for row, link in enumerate(self.links):
            if link.on_link and link.on_link[0].ready_ms <= self.end_ms:
                trip = link.on_link[0].trip
                target = self.target_of(trip)
                if target is None or (target.closed and not link.closed):
                    continue
                kept = target.kept_for not in (None, link.key)
                if kept or target.n_free < self.places_on(target, trip):
                    wants[row] = self.case.demand.routes[trip][self.stage[trip] + 1]
        for circle in cycles_of(wants):
            trips = [self.leave(self.links[row], self.end_ms) for row in circle]
            for row, trip in zip(circle, trips, strict=True):
                self.enter(self.links[wants[row]], trip, self.end_ms)
                self.links[wants[row]].kept_for = None
            self.rotations += 1

    def run(self) -> Loaded:
        while self.step_s < self.case.n_steps:
            self.step()
        return Loaded(self.entered_ms, self.arrived_ms, sorted(self.events), self.rotations)


def load(case: Case) -> Loaded:
    """Run the slow twin over a case."""
    return SlowLoading(case).run()
