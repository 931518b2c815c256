"""Cars on the streets: the loading kernel's state, its releases, re-routings and log of passages.

Kernels: `twin.kernels.loading`; rules: docs/loading.md. This is its public door: it owns the moving
arrays, writes the turns of routes that are taken, and checks conservation after every call. Links are
rows of outside.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from twin.errors import WorkError
from twin.kernels import loading as kernels
from twin.kernels import turns
from twin.kernels.jit import read_only
from twin.kernels.traffic import STEP_MS, Network, Scene, Supply
from twin.mobility.passages import LOG_ROOM, PassageLog, Passages, most_passages
from twin.mobility.rules import Rules, settings_of
from twin.mobility.vehicles import Legs, no_traffic, still_under_way, vehicles_of
from twin.routing.routes import Routes


class Loader:
    """All cars and buses of a day on one network.

    Parameters
    ----------
    network, supply, rules
        See `twin.kernels.traffic` and `Rules`; ``supply`` may be changed between calls of `advance`.
    trip_key
        Random key of every trip, (n_trips,) uint64; rows that are no car trips are never released.
    routes
        Route of every trip at the start.
    legs
        Buses; their vehicles are the rows behind those of the trips.
    kind
        Kind of every vehicle, trips then legs, (n_vehicles,): a row of the rules' tables; cars (0) if not
        given.
    domains
        Parts of the network and how many threads work them; the moments are the same for any numbers.
    """

    def __init__(
        self,
        network: Network,
        supply: Supply,
        trip_key: np.ndarray,
        routes: Routes,
        rules: Rules,
        legs: Legs | None = None,
        kind: np.ndarray | None = None,
        *,
        domains: tuple[int, int] = (1, 1),
    ) -> None:
        self.network, self.supply, self.rules = network, supply, rules
        self.n_trips = trip_key.shape[0]
        legs = Legs.none() if legs is None else legs
        self.vehicles = vehicles_of(trip_key, legs, kind)
        n_domains, self.n_threads = domains
        self.traffic = no_traffic(network, rules.origin_priority, n_domains)
        self.settings = settings_of(rules)
        self.words, self.n_words = np.empty(0, dtype=np.uint64), 0
        cars, buses = np.arange(self.n_trips), np.arange(self.n_trips, self.vehicles.key.shape[0])
        self.vehicles.at[cars] = self._write(cars, routes)
        self.vehicles.at[buses] = self._write(buses, legs.routes)
        self._log = PassageLog(n_domains)
        self.events = self._log.empty(0)
        self._taken_up: Supply | None = None
        self._settled, self.under_way = True, np.empty(0, dtype=np.int64)
        self.rotations = self.n_released = 0

    def _write(self, rows: np.ndarray, routes: Routes) -> np.ndarray:
        """Write the turns of routes (by place in ``rows``), and each one's first link.

        Returns where they begin, (n,) uint32.
        """
        bits = self.network.turn_bits
        ends = (routes.start.astype(np.int64), routes.end.astype(np.int64))
        room = self.n_words + int(turns.words_of(*ends, bits))
        if room > self.words.shape[0]:
            more = np.zeros(room + self.n_words // 2 - self.words.shape[0], dtype=np.uint64)
            self.words = np.concatenate([self.words, more])
        first = np.zeros(rows.shape[0], dtype=np.uint32)
        pool = read_only(np.ascontiguousarray(routes.pool, dtype=np.int32))
        wrong = turns.encode(self.network, pool, ends, self.words, (self.n_words, first))
        if wrong >= 0:
            raise WorkError(
                f"the route of vehicle row {int(rows[wrong])} jumps to a link that does not follow"
            )
        self.n_words = room
        there = routes.end > routes.start
        self.vehicles.link[rows[there]] = self.network.place[pool[routes.start[there]]]
        return first

    def release(self, trips: np.ndarray, release_ms: np.ndarray) -> None:
        """Let trips (rows) wish to enter at those moments; equal moments go by random key."""
        order = np.lexsort((self.vehicles.key[trips], release_ms))
        rows = np.ascontiguousarray(trips[order], dtype=np.int32)
        self.vehicles.release_ms[rows] = release_ms[order]
        kernels.release(self.vehicles, self.traffic.arms, rows)
        self.n_released += rows.shape[0]
        self.under_way = np.sort(np.concatenate([self.under_way, rows]))
        self._taken_up = None

    def take_routes(self, trips: np.ndarray, routes: Routes) -> None:
        """Give trips (rows) other routes, by place in ``trips``.

        Each must begin with the link the vehicle is on or waits for.
        """
        here = self.link_of(trips)
        begins = routes.pool[routes.start]
        held = (self.vehicles.release_ms[trips] >= 0) & (here != begins)
        if held.any():
            row = int(np.flatnonzero(held)[0])
            raise WorkError(f"vehicle row {int(trips[row])} is at link row {here[row]}, not {begins[row]}")
        self._take(trips, routes)

    def _take(self, trips: np.ndarray, routes: Routes) -> None:
        first = self._write(trips, routes)
        on_way = (self.vehicles.entered_ms[trips] >= 0) & (self.vehicles.arrived_ms[trips] < 0)
        slots = self.vehicles.at[trips[on_way]]
        self.traffic.slots["code"][slots] = self.words[first[on_way]]
        self.traffic.slots["word"][slots] = first[on_way] + 1
        self.vehicles.at[trips[~on_way]] = first[~on_way]
        self._taken_up = None

    def start_by(self, waiting: np.ndarray, routes: Routes) -> None:
        """Let vehicles that wait to enter start by another link that leaves the same node."""
        rows = np.ascontiguousarray(waiting, dtype=np.int32)
        kernels.withdraw(self.vehicles, self.traffic.arms, rows)
        self._take(waiting, routes)
        kernels.release(self.vehicles, self.traffic.arms, rows)

    def chain(
        self, rows: np.ndarray, following: np.ndarray, not_before_ms: np.ndarray, dwell_ms: np.ndarray
    ) -> None:
        """Let legs (vehicle rows) that have not arrived be followed by others, or by none (-1).

        Which follow, and when at the soonest, is as `Legs` has it; moments are those of ``following``.
        """
        first = self.vehicles.key.shape[0] - self.vehicles.next_leg.shape[0]
        there = following >= 0
        self.vehicles.next_leg[rows - first] = np.where(there, following - first, -1)
        self.vehicles.not_before_ms[following[there] - first] = not_before_ms[there]
        self.vehicles.dwell_ms[following[there] - first] = dwell_ms[there]

    def let_stand(self, rows: np.ndarray, dwell_ms: np.ndarray) -> None:
        """Let legs (vehicle rows) that have not been released stand at least so long at the stop before."""
        first = self.vehicles.key.shape[0] - self.vehicles.dwell_ms.shape[0]
        self.vehicles.dwell_ms[rows - first] = dwell_ms

    def advance(self, from_s: int, until_s: int) -> Passages:
        """Run the steps from one moment to another and return the links left meanwhile."""
        least_ms = np.maximum(self.supply.headway_ms * min(4, *self.rules.pace) // 4, 1)
        margin, n_turns = most_passages(least_ms, 1), self.n_words * (64 // self.network.turn_bits)
        room = min(most_passages(least_ms, until_s - from_s), n_turns, LOG_ROOM)
        self._take_up(from_s)
        parts: list[Passages] = []
        step = from_s
        while step < until_s:
            self.events = self._log.empty(margin + room)
            step, turned = self._run(self._scene(), (step, until_s, margin))
            self.rotations += turned
            parts += self._log.taken()
        self._settled, self.under_way = False, still_under_way(self.vehicles, self.under_way)
        self.check()
        return Passages.join(parts)

    def _take_up(self, from_s: int) -> None:
        """Tell links and calendar what has changed since the last steps, if anything has."""
        before = self._taken_up
        if before is None or not all(map(np.array_equal, before, self.supply)):
            kernels.take_up(self._scene(), from_s)
            self._taken_up = Supply(*(column.copy() for column in self.supply))

    def _run(self, scene: Scene, window: tuple[int, int, int]) -> tuple[int, int]:
        """The steps, by as many threads as wanted."""
        n_threads = min(self.n_threads, self.traffic.counts.shape[0])
        if n_threads == 1:
            return kernels.advance(scene, window, (0, 1))
        with ThreadPoolExecutor(n_threads) as threads:
            ends = [threads.submit(kernels.advance, scene, window, (k, n_threads)) for k in range(n_threads)]
            return ends[0].result()  # the first counts rotations; all stop at one step

    def queued(self, now_s: int, since_s: int, left: Passages) -> Passages:
        """Vehicles held up by a queue now, with the moments at which they expect to leave their links.

        ``left`` are the passages since ``since_s``, from which the rate of each queue is seen.
        """
        log = PassageLog(1)
        events = log.empty(int(self.on_link_veh.sum()))
        left_veh = np.bincount(left.link, minlength=self.network.tail.shape[0])
        span_ms = (since_s * STEP_MS, now_s * STEP_MS)
        kernels.queued(self._rings, events, self.network.place, span_ms, left_veh)
        return Passages.join(log.taken())

    def ahead_of(self, trips: np.ndarray) -> Routes:
        """Routes of trips (rows) from the link that each is on or waits for, by place in ``trips``."""
        self._settle()
        vehicles, slots = self.vehicles, self.traffic.slots
        at = vehicles.at[trips].astype(np.int64)
        on_way = (vehicles.entered_ms[trips] >= 0) & (vehicles.arrived_ms[trips] < 0)
        code, word = self.words[np.where(on_way, 0, at)], np.where(on_way, 0, at + 1).astype(np.uint32)
        code[on_way], word[on_way] = slots["code"][at[on_way]], slots["word"][at[on_way]]
        start = np.empty(trips.shape[0] + 1, dtype=np.int64)
        ahead = (np.ascontiguousarray(vehicles.link[trips]), code, word)
        n = turns.decode(self.network, self.words, ahead, np.empty(0, dtype=np.int32), start)
        pool = np.empty(n, dtype=np.int32)
        turns.decode(self.network, self.words, ahead, pool, start)
        return Routes(pool, start[:-1], start[1:])

    def link_of(self, trips: np.ndarray) -> np.ndarray:
        """Link that each vehicle (row) is on or will start on, (n,) int32; -1 for one without a route."""
        self._settle()
        link = self.vehicles.link[trips]
        return np.where(link >= 0, self.network.row[link].astype(np.int32), np.int32(-1))

    def entered_link_ms(self, driving: np.ndarray) -> np.ndarray:
        """When each vehicle (row) that is on a link entered it, (n,) int32."""
        self._settle()
        entered: np.ndarray = self.traffic.slots["enter_ms"][self.vehicles.at[driving]]
        return entered

    def _settle(self) -> None:
        """Tell vehicles on links where they are, unless they have been told."""
        if not self._settled:
            self._tell_places()

    def _tell_places(self) -> tuple[int, int]:
        """Tell vehicles where they are: how many are on links, and a link whose ends disagree, or -1."""
        self._settled = True
        return kernels.settle(self._rings, self.vehicles, self.network.storage_veh)

    @property
    def _rings(self) -> kernels.Rings:
        return self.traffic.links, self.traffic.slots

    @property
    def on_link_veh(self) -> np.ndarray:
        """Places taken on each link now (n_links,): vehicles, where all are cars."""
        on_link: np.ndarray = self.traffic.links["n_here"][self.network.place].astype(np.int64)
        return on_link

    @property
    def full_since_s(self) -> np.ndarray:
        """First second in which each link was full (n_links,), -1 never."""
        since: np.ndarray = self.traffic.arms["full_s"][self.network.place]
        return since

    @property
    def on_way(self) -> np.ndarray:
        """Rows of vehicles, buses among them, that are on a link now."""
        return self.under_way[self.vehicles.entered_ms[self.under_way] >= 0]

    @property
    def to_enter(self) -> np.ndarray:
        """Rows of vehicles, buses among them, that wait to enter their first link, or are held at a stop."""
        return self.under_way[self.vehicles.entered_ms[self.under_way] < 0]

    @property
    def driving(self) -> np.ndarray:
        """Rows of trips that are on a link now."""
        rows = self.on_way
        return rows[: np.searchsorted(rows, self.n_trips)]

    @property
    def waiting(self) -> np.ndarray:
        """Rows of trips that wait to enter their first link."""
        rows = self.to_enter
        return rows[: np.searchsorted(rows, self.n_trips)]

    def check(self) -> None:
        """Conservation: released = waiting + driving + arrived, and no link above its storage.

        Released are those let go by `release`, and each leg behind one that has arrived. Both ends of
        a link must agree on the places that are taken.
        """
        vehicles = self.vehicles
        arrived = vehicles.arrived_ms >= 0
        n_arrived, n_waiting = np.count_nonzero(arrived), self.to_enter.shape[0]
        n_driving, wrong = self._tell_places()
        legs = arrived[vehicles.key.shape[0] - vehicles.next_leg.shape[0] :]
        n_released = self.n_released + np.count_nonzero(legs & (vehicles.next_leg >= 0))
        if n_waiting + n_driving + n_arrived != n_released:
            raise WorkError(
                f"vehicles not conserved: {n_released} released, {n_waiting} waiting, "
                f"{n_driving} driving, {n_arrived} arrived"
            )
        if wrong >= 0:
            row = int(self.network.row[wrong])
            raise WorkError(f"link row {row}: places taken and free do not add up")

    def _scene(self) -> Scene:
        """All that the kernels work on; what was logged before may be in others' hands."""
        return Scene(
            self.network, self.supply, self.traffic, self.vehicles, self.words, self.events, self.settings
        )
