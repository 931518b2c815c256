"""Missing runs on several processes, one seed each: what they find goes to the store, by key.

A seed's territory, population and habits are shared by its scenarios, so a seed is the unit of work.
The order in which processes end changes nothing: a run is a function of its key.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from twin.machine import without_collecting
from twin.scenario.scenario import Scenario
from twin.study.keys import simulation_key
from twin.study.members import SweepRunner, default_runner, user_store
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
    from twin.mobility.compiling import compile_beside  # loads Numba, so only where something runs

    compile_beside()
    # a fresh interpreter each: a fork would copy locks that threads of this process may hold
    with ProcessPoolExecutor(workers, get_context("spawn"), _load) as executor:
        work = {
            executor.submit(_run_seed, _turned(scenarios, number), seed, seed == seeds[0]): seed
            for number, seed in enumerate(missing)
        }
        progress(0.0, f"{len(missing)} seeds on {workers} processes")
        for number, finished in enumerate(as_completed(work), start=1):
            finished.result()
            progress(number / len(missing), f"seed {work[finished]} done")


def _turned(scenarios: Sequence[Scenario], number: int) -> tuple[Scenario, ...]:
    """The scenarios for the seed of a number: from the first on or from the last, by turns.

    So processes that begin together do not come to every kernel together: what one compiles, another finds.
    """
    return tuple(scenarios[::-1] if number % 2 else scenarios)


def _load() -> None:
    """Load what runs a scenario, in a process that does nothing else: it stays to the end."""
    with without_collecting():
        default_runner()
    gc.freeze()


def _run_seed(scenarios: tuple[Scenario, ...], seed: int, whole: bool) -> None:
    """All scenarios with one seed, into the store."""
    members = SweepRunner(None, cache=True)
    for scenario in scenarios:
        ask = members.result if whole else members.member
        ask(scenario, seed, silent)
