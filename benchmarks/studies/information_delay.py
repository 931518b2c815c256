"""How old information may be before those who follow it swing between two queues: amplitudes and periods.

Two like point queues, half of the drivers choosing by a picture whose mean age at the queue, delay, is a
multiple of the critical one; docs/information_delay.md says what it means. The start is a difference of 50
vehicles. Amplitude is half of peak to peak in the period of four delays behind the twentieth. The columns:

- ``fluid``: a fractional split, point queues (`twin.calculators.delay`): theory's own case, gated by tests;
- ``draws``: whole vehicles that draw their routes, point queues: mean amplitude over seeds (least to most),
  median period, standard deviation of the second half and what is expected of it;
- ``loading``: whole vehicles by the shares, remainders carried over, on streets, and with draws.

A second table has the model's own pictures (all phones, the ledger's window, refresh and delay) on streets.

Run ``python -m benchmarks.studies.information_delay`` (about two minutes; ``--point-queues`` a second).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.studies.loaded_queues import Seeing, loaded
from twin.calculators.delay import (
    Information,
    Swing,
    TwoQueues,
    critical_delay_s,
    queues_over_time,
    swing,
    wait_deviation_s,
)
from twin.scenario.ledger import Parameters

QUEUES = TwoQueues(inflow_vph=3_600.0, capacity_vph=(1_500.0, 1_500.0), app_share=0.5, logit_per_h=20.0)
TIMES = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2)
START_VEH = (125, 75)
PERIODS = 20
STEP_S, REFRESH_S, TO_QUEUE_S = 0.25, 8.0, 60.0
LOOK_S = 6  # in two looks a bottleneck lets go a whole number of vehicles
SEEDS = 20
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)


def fluid(delay_s: float, seed: int | None = None) -> np.ndarray:
    """Difference of two point queues fed with information of that delay [veh]."""
    told = Information(delay_s - REFRESH_S / 2 - TO_QUEUE_S, REFRESH_S, TO_QUEUE_S)
    start = (float(START_VEH[0]), float(START_VEH[1]))
    queues = queues_over_time(QUEUES, told, start, 4 * (PERIODS + 1) * delay_s, STEP_S, seed)
    return np.asarray(queues[:, 0] - queues[:, 1])


def seeing(delay_s: float, way_s: int = 30) -> Seeing:
    """The instantaneous picture on streets with that delay: age, half the refresh interval, way to the queue.

    The last of a queue has stood for two looks when it tells; what is no whole look is added to the way.
    """
    rest_s = delay_s - LOOK_S / 2 - 2 * LOOK_S - way_s
    held_s = int(rest_s // LOOK_S) * LOOK_S
    return Seeing("tails", LOOK_S, LOOK_S, held_s + LOOK_S, held_s, way_s + rest_s - held_s)


def on_streets(delay_s: float, seed: int | None = None) -> np.ndarray:
    """The same difference, by the loading, at every look [veh]."""
    duration_s = round(4 * (PERIODS + 1) * delay_s)
    queues = loaded(QUEUES, seeing(delay_s), START_VEH, duration_s, seed)
    return np.asarray(queues[:, 0] - queues[:, 1], dtype=np.float64)


class Row(NamedTuple):
    """One delay, as a multiple of the critical one, and what the queues do."""

    times: float
    delay_s: float
    fluid: Swing
    by_seed: list[Swing]
    deviation: float  # of the draws, all seeds and the second half of each [veh]
    loading: Swing | None
    loading_by_draw: Swing | None


def rows(times: tuple[float, ...] = TIMES, seeds: int = SEEDS, streets: bool = True) -> Iterator[Row]:
    """The first table."""
    critical_s = critical_delay_s(QUEUES)
    for each in times:
        delay_s = each * critical_s
        period_s = 4 * delay_s
        drawn = [fluid(delay_s, seed) for seed in range(1, seeds + 1)]
        by_seed = [swing(series, STEP_S, period_s) for series in drawn]
        deviation = float(
            np.sqrt(np.mean([np.square(series[series.shape[0] // 2 :]).mean() for series in drawn]))
        )
        by_street = [swing(on_streets(delay_s, seed), LOOK_S, period_s) for seed in (None, 1) if streets]
        both = by_street or [None, None]
        yield Row(
            each, delay_s, swing(fluid(delay_s), STEP_S, period_s), by_seed, deviation, both[0], both[1]
        )


class Guided(NamedTuple):
    """One app share: its critical delay, and what the model's own pictures make of the queues."""

    app_share: float
    critical_s: float
    swing: Swing


def guided(
    parameters: Parameters, stand_veh: int, shares: tuple[float, ...] = SHARES, hours: int = 24
) -> Iterator[Guided]:
    """The second table: all phones in queues and behind them, the ledger's times, an inflow that both take.

    Queues of ``stand_veh`` are ``stand_veh`` / 1,500 h long and neither grow nor shrink together; amplitude
    and period are those of the second half.
    """
    refresh_s, delay_s = (
        round(float(parameters[f"scenario.provider_{name}_s"])) for name in ("refresh", "delay")
    )
    window_s, look_s = (
        round(float(parameters[name])) for name in ("calculators.window_s", "mobility.step_s")
    )
    told = Seeing("phones", refresh_s, look_s, window_s, delay_s, 31.0)
    for share in shares:
        queues = replace(QUEUES, inflow_vph=sum(QUEUES.capacity_vph), app_share=share)
        found = loaded(queues, told, (stand_veh + 25, stand_veh - 25), hours * 3_600)
        late = np.asarray(found[:, 0] - found[:, 1], dtype=np.float64)[found.shape[0] // 2 :]
        yield Guided(share, critical_delay_s(queues), swing(late, look_s, 3_600.0 * hours / 4))


def spoken(found: Swing | None, delay_s: float) -> str:
    """Amplitude, and the period in delays."""
    return "" if found is None else f"{found.amplitude:.3g} veh, {found.period_s / delay_s:.2f}"


def line(row: Row) -> str:
    """One line of the first table."""
    amplitudes = [each.amplitude for each in row.by_seed]
    period = np.median([each.period_s / row.delay_s for each in row.by_seed])
    expected = "–"
    if row.times < 1.0:
        waits_s = wait_deviation_s(QUEUES, row.delay_s)
        expected = f"{waits_s * QUEUES.capacity_vph[0] / 3_600.0:.0f}"
    cells = (
        f"{row.times:g}",
        f"{row.delay_s:.0f} s",
        spoken(row.fluid, row.delay_s),
        f"{np.mean(amplitudes):.0f} veh ({min(amplitudes):.0f} to {max(amplitudes):.0f}), {period:.2f}",
        f"{row.deviation:.0f} ({expected}) veh",
        spoken(row.loading, row.delay_s),
        spoken(row.loading_by_draw, row.delay_s),
    )
    return "| " + " | ".join(cells) + " |"


def main(arguments: list[str] | None = None) -> int:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--point-queues", action="store_true", help="leave out the loading")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args(arguments)
    print(f"critical delay {critical_delay_s(QUEUES):.2f} s; amplitude, and the period in delays")
    print("| delay / critical | delay | fluid | draws | deviation (expected) | loading | loading, draws |")
    print("|---|---|---|---|---|---|---|")
    for row in rows(seeds=options.seeds, streets=not options.point_queues):
        print(line(row), flush=True)
    if options.point_queues:
        return 0
    parameters = Parameters.defaults()
    print("\nthe model's own pictures: amplitude, and a quarter of the period")
    print("| app share | critical delay | queues of 100 | queues of 300 |\n|---|---|---|---|")
    for few, many in zip(guided(parameters, 100), guided(parameters, 300), strict=True):
        cells = (
            f"{found.swing.amplitude:.0f} veh, {found.swing.period_s / 4:.0f} s"
            if found.swing.amplitude > 1.0
            else "at rest"
            for found in (few, many)
        )
        print(f"| {few.app_share:g} | {few.critical_s:.0f} s | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
