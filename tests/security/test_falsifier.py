"""Falsifiers: what each way does, the same in steps as in whole days, and nothing beyond what is owned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worlds import grid
from twin.kernels.random import keys_of
from twin.knowledge.datasets import Observations, observations
from twin.security.falsifier import WAYS, Falsifier, Queue, TimeWindow
from twin.security.stealthy import hidden_stream

STREAMS = np.array([3, 8])
KEYS = keys_of(np.array(["three", "eight"]))
END_S = 7_200.0
FROM_S = 2_400.0
SIZES = {
    "replay": 900.0,
    "drift": 0.5,
    "noise": 0.5,
    "offset": 4.0,
    "spoof": 5.0,
    "tamper": 0.5,
    "stuck": 1.0,
    "stealthy": 90.0,
    "ghosts": 3.0,
    "sybil": 31.0,
}


def day(seed: int = 1) -> Observations:
    """Counts of three streams every five minutes; 5 is owned by nobody here."""
    ends = np.arange(300.0, END_S + 1.0, 300.0)
    link = np.tile([3, 5, 8], len(ends))
    at_s = np.repeat(ends, 3)
    return observations(link, at_s, at_s + 60.0, np.random.default_rng(seed).integers(0, 40, len(link)))


def falsifier(way: str, until_s: float = END_S + 1.0) -> Falsifier:
    return Falsifier(
        way,
        STREAMS,
        KEYS,
        TimeWindow(FROM_S, until_s),
        SIZES[way],
        7,
        step=1.0,
        queue=Queue(np.array([200.0, 90.0])),
        stream_veh=np.array([1.0, 1.0]),
        share=0.5,
    )


def rows_of(told: Observations) -> list[tuple[float, ...]]:
    return sorted(zip(*(column.tolist() for column in told), strict=True))


@settings(max_examples=25)
@given(st.sampled_from(WAYS), st.integers(0, 1_000), st.sampled_from([300.0, 600.0, 1_800.0, END_S]))
def test_steps_tell_what_the_whole_day_tells(way, seed, step_s):
    rows, at_once, in_steps = day(seed), falsifier(way), falsifier(way)
    whole = at_once.told(rows, 0.0, END_S)
    parts = []
    for start_s in np.arange(0.0, END_S, step_s):
        inside = (rows.phenomenon_time_s > start_s) & (rows.phenomenon_time_s <= start_s + step_s)
        chunk = rows.at(inside)
        parts += rows_of(in_steps.told(chunk, start_s, start_s + step_s))
    assert sorted(parts) == rows_of(whole)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_owned_and_what_was_before_stays(way):
    rows = day()
    told = falsifier(way, until_s=4_800.0).told(rows, 0.0, END_S)
    own = np.isin(rows.datastream, STREAMS)
    inside = own & (rows.phenomenon_time_s >= FROM_S) & (rows.phenomenon_time_s < 4_800.0)
    n = rows.n_rows
    assert np.array_equal(told.result[:n][~inside], rows.result[~inside])
    changed = not np.array_equal(told.result[:n], rows.result)
    assert changed if way not in ("ghosts", "sybil") else told.n_rows > n
    assert (told.result >= 0.0).all()
    assert (told.result_time_s >= told.phenomenon_time_s).all()
    assert np.isin(told.datastream[n:], STREAMS).all()


def test_each_way_is_what_it_is_called():
    rows = day()
    of_three = (rows.datastream == 3) & (rows.phenomenon_time_s >= FROM_S)
    true = rows.result[of_three]
    said = {way: falsifier(way).told(rows, 0.0, END_S).result[: rows.n_rows][of_three] for way in WAYS}
    before = rows.result[(rows.datastream == 3) & (rows.phenomenon_time_s == FROM_S - 300.0)]
    assert (said["stuck"] == before).all()
    assert said["offset"].tolist() == (true + 4.0).tolist()
    hours = (rows.phenomenon_time_s[of_three] - FROM_S) / 3_600.0
    assert np.abs(said["drift"] - true * (1.0 + 0.5 * hours)).max() <= 0.5
    assert said["replay"][3:].tolist() == true[:-3].tolist()
    assert np.abs(said["tamper"] - true / 2.0).max() <= 0.5
    assert 0.1 < np.mean(said["spoof"] != true) < 0.9
    # 90 vehicles an hour are 7 or 8 in five minutes
    assert set((said["stealthy"] - true).tolist()) == {7.0, 8.0}


def test_invented_phones_stand_at_looks_and_pass_between_them():
    ghosts = falsifier("ghosts").told(day(), 0.0, END_S)
    invented = ghosts.at(slice(day().n_rows, None))
    assert (invented.phenomenon_time_s % 300.0 == 0.0).all()
    assert set(np.bincount(invented.datastream)[STREAMS].tolist()) == {3 * 16}
    assert (invented.result[invented.datastream == 8] == 90.0).all()
    sybil = falsifier("sybil").told(day(), 0.0, END_S)
    assert np.bincount(sybil.datastream[day().n_rows :])[STREAMS] == pytest.approx(31 * 80 / 60, abs=1.0)


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_a_hidden_stream_balances_and_passes_no_counter_of_others(seed):
    draw = np.random.default_rng(seed)
    net = grid(4, 200.0)
    n = len(net.tail)
    barred, owned = draw.random(n) < 0.2, draw.random(n) < 0.1
    owned &= ~barred
    stream = hidden_stream(net.tail, net.head, np.array([0, 3, 15]), barred, owned)
    balance = np.bincount(net.head, stream, 16) - np.bincount(net.tail, stream, 16)
    assert np.abs(np.delete(balance, [0, 3, 15])).max() == 0.0
    assert not stream[barred].any()
    if stream.any():
        assert stream[owned].any()
