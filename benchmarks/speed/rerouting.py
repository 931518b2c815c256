"""A simulated day's advice by two searches: ``python -m benchmarks.speed.rerouting [SCENARIO] [--json]``.

The day is run as it is, with the guided search that the model uses. Beside it, in the same process, every
call for advice is answered by the hierarchy too: new weights where a provider's picture is another, the
costs of all who could gain, the paths of those who do. What both find is compared; the day is not changed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import twin.model.provider as provider_room
from benchmarks.machine import machine
from twin.errors import InputError
from twin.kernels.advice import Answer, Asking, Counsel
from twin.kernels.paths import BLOCKED
from twin.kernels.search import SearchGround
from twin.model.twin_model import TwinModel
from twin.routing.hierarchy import Hierarchy, Metric, build_hierarchy, costs_between, customize, paths
from twin.routing.search import times_between
from twin.scenario.scenario import Scenario

SCENARIO = Path("scenarios/metropolis.toml")


@dataclass
class Beside:
    """Answers each call for advice a second time, by a hierarchy, and keeps both times."""

    hierarchy: Hierarchy
    by_kernel: Any
    search_s: float = 0.0
    weights_s: float = 0.0
    query_s: float = 0.0
    calls: int = 0
    asked: int = 0
    searched: int = 0
    proposed: int = 0
    weight_sets: int = 0
    differing: int = 0
    known: dict[bytes, Metric] = field(default_factory=dict)

    def advise(
        self,
        ground: SearchGround,
        counsel: Counsel,
        asking: Asking,
        first: int,
        out: NDArray[np.int32],
        answer: Answer,
    ) -> int:
        """What the kernel does, timed, and the same by the hierarchy."""
        if self.calls == 0:  # once for nothing: what is compiled is compiled then
            self.by_kernel(ground, counsel, asking, first, out, answer)
        begin = time.process_time()
        upto: int = self.by_kernel(ground, counsel, asking, first, out, answer)
        self.search_s += time.process_time() - begin
        self.calls += 1
        self.asked += upto - first
        known, self.known = self.known, {}
        for honours in (False, True):
            rows = first + np.flatnonzero(asking.honours[first:upto] == honours)
            if rows.size:
                weights = (counsel.honouring if honours else counsel.plain).cost_ms[0]
                self._again(ground, counsel, (asking, answer), rows, weights, known)
        return upto

    def _again(
        self,
        ground: SearchGround,
        counsel: Counsel,
        call: tuple[Asking, Answer],
        rows: NDArray[np.int64],
        weights: NDArray[np.int32],
        known: dict[bytes, Metric],
    ) -> None:
        """By the hierarchy, for travellers of one set of weights."""
        asking, answer = call
        name = weights.tobytes()
        begin = time.process_time()
        metric = self.known.get(name) or known.get(name)
        if metric is None:
            metric = customize(self.hierarchy, weights)
            self.weight_sets += 1
        self.weights_s += time.process_time() - begin
        self.known[name] = metric
        begin = time.process_time()
        present, goal = asking.pool[asking.start[rows]], asking.pool[asking.end[rows] - 1]
        now_ms = answer.now_ms[rows]
        least = np.maximum(np.ceil(now_ms * counsel.indifference).astype(np.int64), counsel.least_saving_ms)
        bound = times_between(ground.topology, ground.bounds, present, goal)
        worth = (present != goal) & (bound < BLOCKED) & (weights[goal] < BLOCKED)
        worth &= bound + weights[goal] <= now_ms - least
        present, goal, enough = present[worth], goal[worth], (now_ms - least)[worth]
        cost_ms = costs_between(metric, present, goal)
        gains = cost_ms <= enough
        paths(metric, present[gains], goal[gains])
        self.query_s += time.process_time() - begin
        self.searched += int(worth.sum())
        self.proposed += int(gains.sum())
        kept = answer.start[rows][worth] >= 0
        self.differing += int((kept != gains).sum())
        self.differing += int((answer.best_ms[rows][worth][kept & gains] != cost_ms[kept & gains]).sum())


def measured(file: Path, seed: int, until_h: float) -> dict[str, Any]:
    """One day, both ways."""
    model = TwinModel(Scenario.load(file), rng=seed)
    streets = model.territory.streets
    begin = time.process_time()
    hierarchy = build_hierarchy(model.roads.topology, streets.node_x_m, streets.node_y_m)
    build_s = time.process_time() - begin
    beside = Beside(hierarchy, provider_room.advice.advise)
    links = np.zeros(2, dtype=np.int64)
    paths(customize(hierarchy, model.roads.free_ms), links, links)  # compiles
    provider_room.advice.advise = beside.advise
    begin = time.process_time()
    try:
        model.run_until(int(3_600 * until_h))
    finally:
        provider_room.advice.advise = beside.by_kernel
    return {
        "day_s": time.process_time() - begin - beside.weights_s - beside.query_s,
        "build_s": build_s,
        "order": hierarchy.order,
        "links": int(streets.tail.shape[0]),
        "states": int(hierarchy.place.shape[0]),
        "arcs": int(hierarchy.shape.up_head.shape[0]),
        **{key: value for key, value in vars(beside).items() if isinstance(value, int | float)},
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
    case, ours_s = (
        f"{options.scenario.stem}: advice until {options.until_h:g} h",
        found["weights_s"] + found["query_s"],
    )
    rows = [
        {"case": case, "engine": "hierarchy", "cpu_s": ours_s, "ratio": 1.0, **found},
        {
            "case": case,
            "engine": "guided search",
            "cpu_s": found["search_s"],
            "ratio": found["search_s"] / ours_s,
        },
    ]
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        print(f"{row['case']:44} {row['engine']:14} {row['cpu_s']:>9.3f} s {row['ratio']:>7.2f}")
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
