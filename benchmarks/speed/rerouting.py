"""A simulated day's advice by two searches: ``python -m benchmarks.speed.rerouting [SCENARIO] [--json]``.

The day is run as it is, with the advice that the model gives: who gains by a hierarchy, their paths by the
guided search. Beside it, in the same process, every call for advice is answered by the guided search alone,
and the paths of those who gain by the hierarchy alone. What all find is compared; the day is not changed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine
from twin.errors import InputError
from twin.kernels.advice import Asking, Counsel
from twin.kernels.search import Ground
from twin.model.twin_model import TwinModel
from twin.routing.advising import Advisor, searched
from twin.routing.hierarchy import Metric, build_hierarchy, customize, paths
from twin.routing.routes import Routes
from twin.scenario.scenario import Scenario

SCENARIO = Path("scenarios/metropolis.toml")


class Beside(Advisor):
    """Answers each call for advice by the search alone as well, and keeps both times."""

    search_s = advice_s = weights_s = aside_s = 0.0
    calls = asked = proposed = weight_sets = differing = other_paths = 0

    def better_routes(
        self, ground: Ground, counsel: Counsel, asking: Asking
    ) -> tuple[NDArray[np.int64], Routes]:
        """What the model does, timed, and the same by the search alone."""
        if self.calls == 0:  # once for nothing: what is compiled is compiled then
            searched(ground, counsel, asking)
            super().better_routes(ground, counsel, asking)
            self.metrics, self.weights_s, self.weight_sets = [], 0.0, 0
        begin = time.process_time()
        found, better = searched(ground, counsel, asking)
        between = time.process_time()
        rows, routes = super().better_routes(ground, counsel, asking)
        self.advice_s += time.process_time() - between
        self.search_s += between - begin
        self.calls += 1
        self.asked += asking.start.shape[0]
        self.proposed += rows.shape[0]
        self.differing += int(not np.array_equal(rows, better))
        self.differing += sum(
            not np.array_equal(routes.of(k), found.of(row)) for k, row in enumerate(rows.tolist())
        )
        self._by_hierarchy(counsel, asking, rows, routes)
        return rows, routes

    def metric(self, weight_ms: NDArray[np.int32]) -> Metric:
        """The hierarchy under those weights, timed."""
        before, begin = {id(metric) for metric in self.metrics}, time.process_time()
        metric = super().metric(weight_ms)
        self.weights_s += time.process_time() - begin
        self.weight_sets += id(metric) not in before
        return metric

    def _by_hierarchy(
        self, counsel: Counsel, asking: Asking, rows: NDArray[np.int64], routes: Routes
    ) -> None:
        """How many paths the hierarchy alone would have found otherwise, among routes of equal cost."""
        if self.hierarchy is None:
            return
        begin = time.process_time()
        for honours in (False, True):
            mine = np.flatnonzero(asking.honours[rows] == honours)
            if not mine.size:
                continue
            weight_ms = (counsel.honouring if honours else counsel.plain).cost_ms[0]
            metric = customize(self.hierarchy, weight_ms)
            ends = asking.pool[asking.start[rows[mine]]], asking.pool[asking.end[rows[mine]] - 1]
            _, others = paths(metric, *ends)
            self.other_paths += sum(
                not np.array_equal(others.of(k), routes.of(row)) for k, row in enumerate(mine.tolist())
            )
        self.aside_s += time.process_time() - begin


def measured(file: Path, seed: int, until_h: float) -> dict[str, Any]:
    """One day, both ways."""
    model = TwinModel(Scenario.load(file), rng=seed)
    streets, topology = model.territory.streets, model.roads.topology
    beside = model.advisor = Beside(topology, streets.node_x_m, streets.node_y_m)
    begin = time.process_time()
    hierarchy = beside.hierarchy = build_hierarchy(topology, streets.node_x_m, streets.node_y_m)
    build_s = time.process_time() - begin
    links = np.zeros(2, dtype=np.int64)
    paths(customize(hierarchy, model.roads.free_ms), links, links)  # compiles
    begin = time.process_time()
    model.run_until(int(3_600 * until_h))
    return {
        "day_s": time.process_time() - begin - beside.search_s - beside.aside_s,
        "build_s": build_s,
        "order": hierarchy.order,
        "links": int(streets.tail.shape[0]),
        "states": int(hierarchy.place.shape[0]),
        "arcs": int(hierarchy.shape.up_head.shape[0]),
        "advice_s": beside.advice_s,
        "search_s": beside.search_s,
        "weights_s": beside.weights_s,
        "calls": beside.calls,
        "asked": beside.asked,
        "proposed": beside.proposed,
        "weight_sets": beside.weight_sets,
        "differing": beside.differing,
        "other_paths": beside.other_paths,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the day, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.rerouting", description=__doc__)
    parser.add_argument("scenario", nargs="?", type=Path, default=SCENARIO)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until-h", type=float, default=30.0, help="stop the day at this hour")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        found = measured(options.scenario, options.seed, options.until_h)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    case = f"{options.scenario.stem}: advice until {options.until_h:g} h"
    ours_s, search_s = found["advice_s"], found["search_s"]
    rows = [
        {"case": case, "engine": "the model's advice", "cpu_s": ours_s, "ratio": 1.0, **found},
        {"case": case, "engine": "guided search", "cpu_s": search_s, "ratio": search_s / ours_s},
    ]
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        print(f"{row['case']:44} {row['engine']:18} {row['cpu_s']:>9.3f} s {row['ratio']:>7.2f}")
    print(
        ", ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in found.items()
        )
    )
    print(f"load average {machine()['load_average']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
