"""Seeds worked off side by side: each once, the first one here; an error ends it, and what is told rises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from twin.errors import WorkError
from twin.study import parallel
from twin.study.parallel import SeedWork
from twin.study.progress import Progress, silent

WORK: list[SeedWork] = [((), seed, seed == 0) for seed in range(7)]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, bool], None]], list[tuple[int, bool]]]:
    """Lets a function stand in for the run of a seed, and notes which were run, and whether here."""

    def stands_in(run: Callable[[int, bool], None]) -> list[tuple[int, bool]]:
        noted: list[tuple[int, bool]] = []

        def run_seed(work: SeedWork, progress: Progress = silent) -> None:
            is_here = threading.current_thread() is threading.main_thread()
            progress(0.5, "half")
            run(work[1], is_here)
            noted.append((work[1], is_here))

        monkeypatch.setattr(parallel, "_run_seed", run_seed)
        monkeypatch.setattr(parallel, "ProcessPoolExecutor", lambda n, context, load: ThreadPoolExecutor(n))
        return noted

    return stands_in


def test_each_seed_is_run_once_and_who_is_done_takes_the_next(ran):
    others_done, told = threading.Event(), []

    def run(seed: int, is_here: bool) -> None:
        if seed == 0:
            assert others_done.wait(60)  # the first takes longer than the three after it
        elif seed == 3:
            others_done.set()

    noted = ran(run)
    parallel._work_off(WORK, 2, lambda share, text: told.append(share))
    assert sorted(seed for seed, _ in noted) == list(range(7))
    assert (0, True) in noted
    assert {(1, False), (2, False), (3, False)} <= set(noted)
    assert told == sorted(told)
    assert told[-1] < 1.0


@pytest.mark.parametrize("fails_here", [True, False])
def test_after_an_error_no_other_seed_begins(ran, fails_here: bool):
    begun, failed = threading.Barrier(2, timeout=60), threading.Event()

    def run(seed: int, is_here: bool) -> None:
        if seed > 1:
            pytest.fail("a seed was begun after the error")
        begun.wait()
        if is_here == fails_here:
            failed.set()
            raise WorkError(f"seed {seed} does not work")
        assert failed.wait(60)
        threading.Event().wait(0.2)  # while the other tells of it

    noted = ran(run)
    with pytest.raises(WorkError, match="does not work"):
        parallel._work_off(WORK, 2, silent)
    assert len(noted) == 1
