"""The loading's kernels that are compiled ahead are those of a day, and one process compiles each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from twin.kernels import loading
from twin.mobility.compiling import compile_loading
from tests.model.village import scenario, world
from twin.model.twin_model import TwinModel

here = world()
kernels = (loading.advance, loading.take_up, loading.release, loading.settle)
assert not any(each.signatures for each in kernels), "nothing was compiled before"
compile_loading()
ahead = [tuple(each.signatures) for each in kernels]
assert all(len(each) == 1 for each in ahead), ahead
model = TwinModel(scenario(), rng=1, territory=here.territory, population=here.population, habits=here.habits)
model.run_until(8 * 3_600)
assert [tuple(each.signatures) for each in kernels] == ahead, "a day of the model needs other ones"
"""


@pytest.mark.one_interpreter("types of arrays are the same on every one")
def test_a_day_needs_no_other_kernels_of_the_loading_than_those_compiled_ahead() -> None:
    from tests.model.village import world

    world()  # its habits are learned and kept, so that the other process need not load a day for them
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ONE_KERNEL = """
import numpy as np
from twin.kernels.folder import are_kept
from twin.kernels.random import fill_uniforms, uniforms

uniforms(1, np.uint64(2), np.arange(3, dtype=np.uint64), 0)
print(sum(fill_uniforms.stats.cache_misses.values()), are_kept(["random.fill_uniforms"]))
"""


@pytest.mark.one_interpreter("files are locked alike on every one")
def test_of_processes_that_need_a_kernel_one_compiles_it(tmp_path: Path) -> None:
    settings = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    settings.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-c", ONE_KERNEL]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) for _ in range(2)]
    said = sorted(each.communicate()[0].split() for each in both)
    assert said == [["0", "True"], ["1", "True"]]
