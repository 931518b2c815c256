"""Missing runs on several processes, one seed each: what they find goes to the store, by key.

A seed's territory, population and habits are shared by its scenarios, so a seed is the unit of work. This
process takes its part: it has loaded the libraries, and drawn a population, to see that the scenarios fit.
The order in which seeds end changes nothing: a run is a function of its key.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from multiprocessing import get_context

from twin.machine import collecting_new_things_only, without_collecting
from twin.mobility.compiling import compile_beside
from twin.scenario.scenario import Scenario
from twin.study.keys import simulation_key
from twin.study.members import SweepRunner, default_runner, user_store
from twin.study.progress import Progress, silent, within

SeedWork = tuple[tuple[Scenario, ...], int, bool]
"""Scenarios, a seed, and whether whole results are kept of it."""


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
    compile_beside()
    progress(0.0, f"{len(missing)} seeds on {workers} processes")
    work = [(_turned(scenarios, number), seed, seed == seeds[0]) for number, seed in enumerate(missing)]
    _work_off(work, workers, progress)
    progress(1.0, f"{len(missing)} seeds done")


def _work_off(work: Sequence[SeedWork], workers: int, progress: Progress) -> None:
    """Work by this process and others: each takes the next when it has done one.

    This one begins with the first, whose people it may have drawn, and tells how far all are.
    """
    left, done = iter(tuple(work[1:])), list[SeedWork]()

    def take_turns(run: Callable[[SeedWork], None], first: Sequence[SeedWork] = ()) -> None:
        try:
            for each in chain(first, left):
                run(each)
                done.append(each)
        except BaseException:
            deque(left, maxlen=0)  # nobody begins another
            raise

    def here(mine: SeedWork) -> None:
        def tell(share: float, text: str) -> None:
            progress((len(done) + share) / len(work), f"seed {mine[1]}: {text}")

        _run_seed(mine, tell)

    # a fresh interpreter each: a fork would copy locks that threads of this process may hold
    others = ProcessPoolExecutor(workers - 1, get_context("spawn"), _load)
    with others, ThreadPoolExecutor(workers - 1) as waiting:
        elsewhere = [
            waiting.submit(take_turns, lambda each: others.submit(_run_seed, each).result())
            for _ in range(workers - 1)
        ]
        with collecting_new_things_only():
            take_turns(here, work[:1])
        for each in elsewhere:
            each.result()


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


def _run_seed(work: SeedWork, progress: Progress = silent) -> None:
    """All scenarios with one seed, into the store."""
    scenarios, seed, whole = work
    members = SweepRunner(None, cache=True)
    for number, scenario in enumerate(scenarios):
        ask = members.result if whole else members.member
        ask(scenario, seed, within(progress, number / len(scenarios), (number + 1) / len(scenarios)))
