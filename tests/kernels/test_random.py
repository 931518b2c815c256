"""Counter-based draws: the kernel, its slow twin, and what a uniform draw is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import slow_mix, slow_uniform
from twin.kernels.random import keys_of, mix, stream_of, uniforms

WORDS = st.integers(0, 2**64 - 1)


@given(WORDS)
def test_mix_agrees_with_twin(word: int) -> None:
    assert int(mix(np.uint64(word))) == slow_mix(word)


@given(st.integers(0, 2**62), WORDS, WORDS, st.integers(0, 2**62))
def test_draw_agrees_with_twin(seed: int, stream: int, who: int, when: int) -> None:
    (draw,) = uniforms(seed, np.uint64(stream), np.array([who], dtype=np.uint64), when)
    assert draw == slow_uniform(seed, stream, who, when)


def test_draws_are_even_and_unrelated() -> None:
    """10,000 draws: mean and shares within 4 sigma, neighbouring keys and moments uncorrelated."""
    who = keys_of(np.arange(10_000))
    first, second = (uniforms(1, stream_of("tests.even"), who, when) for when in (0, 1))
    assert abs(first.mean() - 0.5) < 4 / np.sqrt(12 * 10_000)
    tenths = np.histogram(first, bins=10, range=(0, 1))[0]
    assert abs(tenths - 1_000).max() < 4 * np.sqrt(10_000 * 0.1 * 0.9)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(10_000)
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / np.sqrt(10_000)
