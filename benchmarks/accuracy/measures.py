"""What is measured on a run: one function a quantity, named in expected.toml, NaN where it cannot be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.diagram import clockwise, maxima, states
from benchmarks.accuracy.run import STILL_THERE, Run
from twin.kernels.traffic import STEP_MS
from twin.units import KMH_PER_MPS

NAN = float("nan")
Measure = Callable[..., float]


def measure(run: Run, quantity: str, of: dict[str, Any]) -> float:
    """The quantity of that name."""
    return float(MEASURES[quantity](run, **of))


# ---------------------------------------------------------------------------------------- trips


def arrived(run: Run) -> float:
    """Trips that ended."""
    return float((run.arrived_ms >= 0).sum())


def trip_s(run: Run, flow: int, nth: int) -> float:
    """From wish to arrival, the nth vehicle of a flow."""
    row = np.flatnonzero(run.flow == flow)[nth]
    return (run.arrived_ms[row] - run.release_ms[row]) / 1_000 if run.arrived_ms[row] >= 0 else NAN


def mean_trip_s(run: Run) -> float:
    """From wish to arrival, mean over all trips; NaN while one is under way."""
    if (run.arrived_ms < 0).any():
        return NAN
    return float((run.arrived_ms - run.release_ms).mean() / 1_000)


def rotations(run: Run) -> float:
    """Deadlocked circles that the rule turned."""
    return float(run.rotations)


def last_arrival_s(run: Run) -> float:
    """When the last trip ended; NaN while one is under way."""
    return NAN if (run.arrived_ms < 0).any() else float(run.arrived_ms.max() / 1_000)


def last_move_s(run: Run) -> float:
    """When a vehicle last entered or left any link."""
    exits = run.exit_ms[run.exit_ms < STILL_THERE]
    return float(max(exits.max(initial=0), run.enter_ms.max(initial=0)) / 1_000)


# ---------------------------------------------------------------------------------------- queues


def _wishes(run: Run, link: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each vehicle on a link could have left it in free flow, and when it did, in order."""
    there = run.on(link)
    return there.enter_ms + run.free_ms(link), there.exit_ms


def largest_queue_veh(run: Run, link: str) -> float:
    """Most vehicles past their free-flow time at once (a vertical queue)."""
    come, gone = _wishes(run, link)
    waiting = np.searchsorted(np.sort(come), come, "right") - np.searchsorted(np.sort(gone), come, "right")
    return float(waiting.max())


def queue_clears_s(run: Run, link: str) -> float:
    """When the last delayed vehicle leaves, by a clock that starts with the first one's free-flow arrival."""
    come, gone = _wishes(run, link)
    return float((gone[gone - come > 10].max() - come.min()) / 1_000)


def delay_veh_h(run: Run, link: str) -> float:
    """Total delay on a link."""
    come, gone = _wishes(run, link)
    return float((gone - come).sum() / 3.6e6)


def mean_delay_s(run: Run, link: str, from_s: float, until_s: float) -> float:
    """Mean delay of those who would have left the link between two moments."""
    come, gone = _wishes(run, link)
    chosen = (come >= 1_000 * from_s) & (come < 1_000 * until_s)
    return float((gone - come)[chosen].mean() / 1_000)


def head_held_s(run: Run, link: str) -> float:
    """First moment at which the queue ahead keeps a vehicle on a link for more than a step."""
    come, gone = _wishes(run, link)
    held = gone > come + STEP_MS
    return float(come[held].min() / 1_000) if held.any() else NAN


def origin_held_s(run: Run, link: str) -> float:
    """First moment at which a vehicle that wishes to start on a link cannot."""
    held = (run.first_link == run.row(link)) & (run.entered_ms != run.release_ms)
    return float(run.release_ms[held].min() / 1_000) if held.any() else NAN


def veh_when_origin_held(run: Run, link: str) -> float:
    """Vehicles on a link when the first one that wishes to start there cannot."""
    moment_ms = 1_000 * origin_held_s(run, link)
    there = run.on(link)
    return float((there.enter_ms < moment_ms).sum() - (there.exit_ms <= moment_ms).sum())


def wave_kmh(run: Run, links: tuple[str, ...], after_s: float = -1.0) -> float:
    """Speed at which the tail of a queue passes the ends of links, or their first exits after a moment."""
    end_m = np.cumsum([run.case.links[run.row(link)].length_m for link in links])
    if after_s < 0:
        seen = [head_held_s(run, link) for link in links]
    else:
        exits = [run.on(link).exit_ms for link in links]
        seen = [float(x[x >= 1_000 * after_s].min()) / 1_000 for x in exits]
    return float(KMH_PER_MPS * np.polyfit(seen, end_m, 1)[0])


# ---------------------------------------------------------------------------------------- flows


def entries(run: Run, link: str, from_s: float, until_s: float, flow: int = -1) -> float:
    """Entries to a link between two moments, of all flows or of one."""
    there = run.on(link)
    chosen = (there.enter_ms >= 1_000 * from_s) & (there.enter_ms < 1_000 * until_s)
    if flow >= 0:
        chosen &= run.flow[there.trip] == flow
    return float(chosen.sum())


def entry_flow_vph(run: Run, link: str, from_s: float, until_s: float, flow: int = -1) -> float:
    """Entries per hour."""
    return entries(run, link, from_s, until_s, flow) / (until_s - from_s) * 3_600


def share(run: Run, link: str, flow: int, from_s: float, until_s: float) -> float:
    """Share of one flow in the entries to a link."""
    return entries(run, link, from_s, until_s, flow) / entries(run, link, from_s, until_s)


def ring_flow_vph(run: Run, ring: str, from_s: float, until_s: float) -> float:
    """Mean flow over the links of a circle."""
    rows = [row for row, link in enumerate(run.case.links) if link.id.startswith(f"{ring}.")]
    exits = run.exit_ms[np.isin(run.link, rows)]
    counted = ((exits >= 1_000 * from_s) & (exits < 1_000 * until_s)).sum()
    return float(counted) / len(rows) / (until_s - from_s) * 3_600


# ---------------------------------------------------------------------------------------- costs


def _costs(run: Run, link: str, best_s: float, value: tuple[float, float, float]) -> NDArray[np.float64]:
    """Each traveller's cost of waiting on a link and of leaving it early or late (Vickrey 1969) [money]."""
    come, gone = _wishes(run, link)
    queue, early, late = value
    late_h = (gone - 1_000 * best_s - run.free_ms(link)) / 3.6e6
    cost: NDArray[np.float64] = queue * (gone - come) / 3.6e6 + np.where(
        late_h > 0, late * late_h, -early * late_h
    )
    return cost


def mean_cost(run: Run, link: str, best_s: float, value: tuple[float, float, float]) -> float:
    """Mean cost of a traveller."""
    return float(_costs(run, link, best_s, value).mean())


def cost_spread(run: Run, link: str, best_s: float, value: tuple[float, float, float]) -> float:
    """Largest difference of one traveller's cost from the mean, as a share of the mean."""
    costs = _costs(run, link, best_s, value)
    return float(np.abs(costs / costs.mean() - 1.0).max())


# ---------------------------------------------------------------------------------------- the network


def mfd_maxima(run: Run, slice_s: float, bins: int) -> float:
    """Maxima of production over accumulation while the network fills."""
    return float(maxima(states(run, slice_s), bins))


def mfd_clockwise(run: Run, slice_s: float) -> float:
    """1 if at equal accumulation the network produces less while it empties, -1 if more."""
    return 1.0 if clockwise(states(run, slice_s)) > 0 else -1.0


MEASURES: dict[str, Measure] = {
    function.__name__: function
    for function in (
        *(arrived, trip_s, mean_trip_s, rotations, last_arrival_s, last_move_s),
        *(largest_queue_veh, queue_clears_s, delay_veh_h, mean_delay_s, head_held_s, origin_held_s),
        *(veh_when_origin_held, wave_kmh, entries, entry_flow_vph, share, ring_flow_vph),
        *(mean_cost, cost_spread, mfd_maxima, mfd_clockwise),
    )
}
