"""Probes: own users only, the share that is kept, right on average, late, whatever the order of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.oracles import Passage, slow_passages
from tests.sensing.worlds import LEDGER, link_keys, phones, random_events, step
from twin.errors import InputError
from twin.kernels.observe import LinkExits, ProbeRule, ReportedPassages, report_passages
from twin.kernels.random import keys_of
from twin.knowledge.datasets import Observations
from twin.knowledge.platform import DataPlatform
from twin.scenario.actors import Provider
from twin.sensing.fleets import observe
from twin.sensing.probes import fleet_of_provider, observe_probes

N_TRIPS, N_LINKS = 40, 25
EVENTS = random_events(N_TRIPS * N_LINKS, N_TRIPS, N_LINKS)
TRIP_KEY = keys_of(np.arange(N_TRIPS).astype(str))
ALL = np.ones(N_TRIPS, dtype=np.bool_)

words = st.integers(0, 2**64 - 1)
passages = st.builds(
    Passage, words, words, st.integers(0, 99), st.integers(0, 10**7), st.integers(10**7, 108_000_000)
)


def seen(events: LinkExits = EVENTS, sends: np.ndarray = ALL, seed: int = 1, **order: object) -> Observations:
    return observe_probes(phones(**order), events, sends, TRIP_KEY, link_keys(N_LINKS), seed)


def who_and_where(rows: Observations) -> set[tuple[int, float]]:
    return set(zip(rows.datastream.tolist(), rows.phenomenon_time_s.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    words,
    st.lists(passages, min_size=1, max_size=8),
    st.builds(ProbeRule, st.floats(0, 1), st.floats(0, 0.4), st.integers(0, 600_000)),
)
def test_reports_agree_with_their_slow_twin(seed, stream, trips, rule):
    n = len(trips)
    columns = np.array([(k, k, trip.enter_ms, trip.exit_ms) for k, trip in enumerate(trips)])
    events = LinkExits(
        columns[:, 0].astype(np.int32), columns[:, 1].astype(np.int32), columns[:, 2], columns[:, 3]
    )
    keys = [
        np.array([getattr(trip, name) for trip in trips], dtype=np.uint64) for name in Passage._fields[:2]
    ]
    out = ReportedPassages(np.empty(n, dtype=np.int32), *(np.empty(n, dtype=np.int64) for _ in range(3)))
    sent = report_passages(seed, np.uint64(stream), events, np.ones(n, np.bool_), *keys, rule, out)
    got = list(zip(*(column[:sent].tolist() for column in out), strict=True))
    numbered = [trip._replace(link=k) for k, trip in enumerate(trips)]
    assert got == slow_passages(seed, stream, numbered, rule)


@pytest.mark.parametrize("seed", [1, 2])
def test_moments_of_32_bits_tell_the_same_at_the_end_of_the_day(seed):
    moments = [column + 107_700_000 for column in EVENTS[2:]]
    wide = EVENTS._replace(enter_ms=moments[0], exit_ms=moments[1])
    narrow = wide._replace(**{name: getattr(wide, name).astype(np.int32) for name in wide._fields[2:]})
    late = {"sampling": 0.8, "noise": 0.3, "delay_s": 86_400.0}
    for one, other in zip(seen(narrow, seed=seed, **late), seen(wide, seed=seed, **late), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_a_perfect_phone_tells_every_passage():
    rows = seen()
    assert rows.datastream.tolist() == EVENTS.link.tolist()
    assert rows.phenomenon_time_s.tolist() == (EVENTS.exit_ms / 1_000).tolist()
    assert rows.result.tolist() == ((EVENTS.exit_ms - EVENTS.enter_ms) / 1_000).tolist()
    assert rows.result_time_s.tolist() == rows.phenomenon_time_s.tolist()


def test_only_own_users_who_consent_are_seen():
    sends = np.arange(N_TRIPS) % 4 == 0
    rows = seen(sends=sends)
    own = sends[EVENTS.trip]
    assert rows.datastream.tolist() == EVENTS.link[own].tolist()
    truth = step(EVENTS, N_TRIPS, N_LINKS)
    rival = truth._replace(trip_sends=np.where(sends, 1, -1).astype(np.int8))
    assert observe(phones(), rival, seed=1).n_rows == 0
    assert observe(phones(), truth, seed=1).n_rows == len(EVENTS.trip)


def test_sampled_share_is_kept_and_smaller_shares_are_among_greater():
    events = random_events(20_000, N_TRIPS, N_LINKS)
    keys = np.arange(20_000, dtype=np.uint64)
    own_trip = events._replace(trip=np.arange(20_000, dtype=np.int32))
    everyone = np.ones(20_000, dtype=np.bool_)

    def kept(sampling: float) -> set[tuple[int, float]]:
        fleet = phones(sampling=sampling)
        return who_and_where(observe_probes(fleet, own_trip, everyone, keys, link_keys(N_LINKS), 1))

    few, more = kept(0.2), kept(0.3)
    assert few < more
    assert len(more) / len(kept(1.0)) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 20_000))
    assert kept(0.0) == set()


def test_losses_thin_what_is_sampled():
    assert phones(sampling=0.5, loss=0.2).settings.sent_share == pytest.approx(0.4)


def test_measured_time_is_right_on_average_and_late_by_the_mean_delay():
    true_s = seen().result
    rows = seen(noise=0.19, delay_s=120.0)
    ratio = rows.result / true_s
    assert ratio.mean() == pytest.approx(1.0, abs=4 * 0.19 / np.sqrt(len(ratio)))
    assert ratio.std() == pytest.approx(0.19, rel=0.1)
    late_s = rows.result_time_s - rows.phenomenon_time_s
    assert late_s.min() >= 0.0
    assert late_s.max() < 240.0
    assert late_s.mean() == pytest.approx(120.0, abs=4 * 240.0 / np.sqrt(12 * len(late_s)))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_observations_are_the_same_for_any_order_of_trips_links_and_events(shuffler):
    def shuffled(n: int) -> np.ndarray:
        order = list(range(n))
        shuffler.shuffle(order)
        return np.array(order)

    def stored(rows: Observations, outside_link: np.ndarray) -> list[tuple[float, ...]]:
        platform = DataPlatform()
        fleet = phones()
        platform.add(fleet.dataset)
        platform.append(fleet.name, rows._replace(datastream=outside_link[rows.datastream]))
        return list(zip(*(column.tolist() for column in platform.record().rows), strict=True))

    fleet = phones(sampling=0.6, noise=0.2, delay_s=90.0)
    keys = link_keys(N_LINKS)
    trips, links, order = shuffled(N_TRIPS), shuffled(N_LINKS), shuffled(len(EVENTS.trip))
    renumbered = LinkExits(
        np.argsort(trips)[EVENTS.trip][order].astype(np.int32),
        np.argsort(links)[EVENTS.link][order].astype(np.int32),
        EVENTS.enter_ms[order],
        EVENTS.exit_ms[order],
    )
    first = observe_probes(fleet, EVENTS, ALL, TRIP_KEY, keys, 1)
    second = observe_probes(fleet, renumbered, ALL, TRIP_KEY[trips], keys[links], 1)
    identity = np.arange(N_LINKS, dtype=np.int32)
    assert stored(first, identity) == stored(second, links.astype(np.int32))


def test_traces_are_personal_and_belong_to_the_provider():
    provider = Provider(name="swift", market_share=0.6, sampling=0.5, delay_s=30.0)
    fleet = fleet_of_provider(provider, 1, LEDGER)
    assert (fleet.dataset.owner, fleet.dataset.personal, fleet.provider) == ("swift", True, 1)
    assert fleet.settings == ProbeRule(0.5, LEDGER["sensing.probe_noise_share"], 30_000)
    with pytest.raises(InputError, match="'swift' is no provider"):
        fleet_of_provider(provider, -1, LEDGER)


def test_a_step_without_traffic_is_no_row():
    nothing = LinkExits(*(column[:0] for column in EVENTS))
    assert seen(events=nothing).n_rows == 0
