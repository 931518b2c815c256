"""Kernels of the loading that are compiled ahead are those that a day needs."""

from __future__ import annotations

import subprocess
import sys

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
