"""Missing runs on several processes, one seed each: what they find goes to the store, by key.

A seed's territory, population and habits are shared by its scenarios, so a seed is the unit of work.
The order in which processes end changes nothing: a run is a function of its key.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from twin.scenario.scenario import Scenario
from twin.study.keys import simulation_key
from twin.study.members import SweepRunner, user_store
from twin.study.progress import Progress, silent


def run_missing(scenarios: Sequence[Scenario], seeds: Sequence[int], progress: Progress) -> None:
    """Run, by seed and side by side, what the user's store does not hold yet.

    Of the first seed whole results are kept, of the others summaries, as `SweepRunner` asks for them.
    With one processor, one seed or no store there is nothing to gain, and nothing is done.
    """
    shelf = user_store()
    workers = min(len(seeds), os.cpu_count() or 1)
    if shelf is None or workers < 2:
        return
    standing = set(shelf.keys())
    missing = [
        seed for seed in seeds if any(simulation_key(each, seed) not in standing for each in scenarios)
    ]
    if len(missing) < 2:
        return
    # a fresh interpreter each: a fork would copy locks that threads of this process may hold
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        work = {
            executor.submit(_run_seed, tuple(scenarios), seed, seed == seeds[0], seed == missing[0]): seed
            for seed in missing
        }
        progress(0.0, f"{len(missing)} seeds on {workers} processes")
        for number, finished in enumerate(as_completed(work), start=1):
            finished.result()
            progress(number / len(missing), f"seed {work[finished]} done")


def _run_seed(scenarios: tuple[Scenario, ...], seed: int, whole: bool, compiles: bool) -> None:
    """All scenarios with one seed, into the store.

    The process that ``compiles`` does so with the loading first, while the others compile what comes before.
    """
    if compiles:
        from twin.mobility.compiling import compile_loading  # loads Numba, so only where something runs

        compile_loading()
    members = SweepRunner(None, cache=True)
    for scenario in scenarios:
        ask = members.result if whole else members.member
        ask(scenario, seed, silent)
