"""The two queues of `twin.calculators.delay` as vehicles on streets: the loading, and a provider's picture.

A fork, two links at whose ends a narrow one begins, and a picture drawn from what phones report
(`benchmarks.accuracy.belief`). Vehicles that join together split by the logit's shares, the remainders
carried over, or with a seed each draws for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.belief import believed_ms, reports
from benchmarks.accuracy.case import Case, Choice, Flow, Kind, Link
from benchmarks.accuracy.door import Demand, demand_of, free_ms, loader_of, run_of, topology_of
from benchmarks.accuracy.run import Run
from twin.calculators.delay import TwoQueues
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Observations
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.routing.routes import Routes
from twin.units import S_PER_H

DRAWS = stream_of("benchmarks.loaded_queues")
START, SPEED_MPS = 1, 20.0
SIDES = ("left", "right")


@dataclass(frozen=True)
class Seeing:
    """How a picture comes about: every ``refresh_s``, from reports of the last ``window_s``, as in `belief`.

    ``look_s`` is the time between two looks at the queues, ``held_s`` how long a report takes to arrive,
    ``to_queue_s`` the way from the choice to the queue.
    """

    sees: str
    refresh_s: int
    look_s: int
    window_s: int
    held_s: int
    to_queue_s: float


def fork(queues: TwoQueues, seeing: Seeing, start_veh: tuple[int, int], duration_s: int) -> Case:
    """The network and its vehicles; the first second belongs to the link before the fork.

    Links before the bottlenecks store what a point queue would.
    """
    length_m = SPEED_MPS * (seeing.to_queue_s - START)
    room = 60_000 / length_m * 1_000.0
    links = [Link("start", "home", "fork", SPEED_MPS * START, 72.0, 36_000.0, 100_000.0)]
    for side, vph in zip(SIDES, queues.capacity_vph, strict=True):
        links.append(Link(side, "fork", f"{side} gate", length_m, 72.0, 36_000.0, room))
        links.append(Link(f"{side} gate", f"{side} gate", f"{side} end", 200.0, 72.0, vph, 300.0))
    flows = [Flow(("start", side, f"{side} gate"), count=n) for side, n in zip(SIDES, start_veh, strict=True)]
    asks = Choice("start", "left gate", queues.inflow_vph, 0.0, duration_s, seeing.refresh_s)
    return Case(
        *("two loaded queues", "", tuple(links), tuple(flows), (), (), (Kind("car"),), (asks,), None, ()),
        *(duration_s, 0, False),
    )


def loaded(
    queues: TwoQueues, seeing: Seeing, start_veh: tuple[int, int], duration_s: int, seed: int | None = None
) -> NDArray[np.int64]:
    """Both queues at every look (n_looks, 2) [veh], by single vehicles on streets."""
    case = fork(queues, seeing, start_veh, duration_s)
    topology = topology_of(case)
    demand = demand_of(case, topology)
    loader = loader_of(case, topology, demand)
    first = np.flatnonzero(demand.flow < len(case.flows))
    loader.release(first, demand.release_ms[first])
    ahead_s = 0.0
    splitter = Splitter(queues, demand, seed)
    told: list[Observations] = []
    logs: list[Passages] = []
    for now_s in range(0, duration_s, seeing.look_s):
        told.append(_told(loader, logs, seeing, now_s))
        if now_s % seeing.refresh_s == 0:
            ahead_s = _seen_ahead_s(case, told, seeing, now_s)
        splitter.release(loader, (now_s, now_s + seeing.look_s), ahead_s)
        logs.append(loader.advance(now_s, now_s + seeing.look_s))
    run = run_of(case, loader, demand, Passages.join(logs))
    first_s = _stands_s(seeing)
    moments_ms = 1_000 * np.arange(first_s, duration_s, seeing.look_s)
    return np.column_stack([_standing(run, side, moments_ms) for side in SIDES])


class Splitter:
    """Sends those who choose one way or the other, the remainder of a share carried over to the next."""

    def __init__(self, queues: TwoQueues, demand: Demand, seed: int | None) -> None:
        self.queues, self.demand, self.seed = queues, demand, seed
        self.carried = 0.0

    def release(self, loader: Loader, window_s: tuple[int, int], ahead_s: float) -> None:
        """Let go those whose wish falls into the window: the left route is said to take so much longer."""
        from_ms, until_ms = (1_000 * moment_s for moment_s in window_s)
        wishes = self.demand.release_ms
        rows = np.flatnonzero((self.demand.flow == len(SIDES)) & (wishes >= from_ms) & (wishes < until_ms))
        queues = self.queues
        gain = queues.logit_per_h * (ahead_s - queues.longer_s) / S_PER_H
        share = queues.app_share / (1.0 + np.exp(gain)) + (1.0 - queues.app_share) * queues.habit_share
        if self.seed is None:
            due = np.floor(self.carried + share * np.arange(rows.shape[0] + 1))
            self.carried = self.carried + share * rows.shape[0] - due[-1]
            left = np.diff(due) > 0.0
        else:
            left = uniforms(self.seed, DRAWS, self.demand.key[rows]) < share
        # rows of links: start, left, left gate, right, right gate
        pool = np.column_stack([np.zeros(rows.shape[0]), np.where(left, 1, 3), np.where(left, 2, 4)])
        end = 3 * np.arange(1, rows.shape[0] + 1)
        loader.take_routes(rows, Routes(pool.ravel().astype(np.int32), end - 3, end))
        loader.release(rows, wishes[rows])


def _told(loader: Loader, logs: list[Passages], seeing: Seeing, now_s: int) -> Observations:
    """Reports of the time since the last look; tails need two looks, so that their rate is a whole number."""
    looks = 2 if seeing.sees == "tails" else 1
    return reports(loader, Passages.join(logs[-looks:]), now_s - looks * seeing.look_s, now_s, seeing.sees)


def _seen_ahead_s(case: Case, told: list[Observations], seeing: Seeing, now_s: int) -> float:
    """How much longer than the right route the left one takes by what has arrived [s].

    Before there are reports, the first queues have stood so for long.
    """
    if now_s - seeing.held_s < _stands_s(seeing):
        (left, right), gates = (flow.count for flow in case.flows), (case.links[2], case.links[4])
        return S_PER_H * (left / gates[0].capacity_vph - right / gates[1].capacity_vph)
    looks = -(-seeing.window_s // seeing.look_s) + 1
    rows = Observations.joined(told[-looks:])
    arrived = rows.phenomenon_time_s <= now_s - seeing.held_s
    known = rows.at(arrived)
    times_ms = believed_ms(known, now_s, seeing.window_s, free_ms(case))
    return float(times_ms[1] - times_ms[3]) / 1_000.0


def _stands_s(seeing: Seeing) -> int:
    """First look at which the queues of the start have stood for two looks."""
    return -(-int(START + seeing.to_queue_s) // seeing.look_s) * seeing.look_s + 2 * seeing.look_s


def _standing(run: Run, link: str, moments_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vehicles past their free-flow time on a link, at some moments."""
    there = run.on(link)
    come, gone = np.sort(there.enter_ms + run.free_ms(link)), np.sort(there.exit_ms)
    standing: NDArray[np.int64] = np.searchsorted(come, moments_ms, "right") - np.searchsorted(
        gone, moments_ms, "right"
    )
    return standing
