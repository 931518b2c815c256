"""Fleets as a scenario orders them: what they observe of a step, what outages take, what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sensing.test_placement import N, spots
from tests.sensing.worlds import random_events, step
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.device_fleets import share_the_air
from twin.sensing.devices import Fleet, Outages, Site, StepTruth
from twin.sensing.fleets import deploy, observe
from twin.sensing.lives import grown_devices

LEDGER = Parameters.defaults().replaced({"sensing.repair_wait_days": 1e-6})
QUARTER_MS = 900_000


class Steady:
    """A thousand of everything, so dim."""

    def __init__(self, dimness: float = 0.0) -> None:
        self.dimness = dimness

    def during(self, name: str, start_ms: int, end_ms: int) -> np.ndarray:
        return np.array([self.dimness]) if name == "dimness" else np.full(N, 1_000.0)


def fleet(kind: str, outages: bool = False, parameters: Parameters = LEDGER, **more: object) -> Fleet:
    order = SensorFleet.model_validate({"name": "f", "kind": kind, "owner": "city", "loss": 0.0, **more})
    site = Site(
        np.arange(N, dtype=np.int32), spots().key, np.zeros(N, np.int8), 3, spots=spots(), outages=outages
    )
    made = deploy(order, site, parameters)
    share_the_air([(made, site.spots)], parameters, site.seed)
    grown_devices(made.table, made.settings.rule, site.seed, site.month, parameters)
    return made


def moment(k: int, surroundings: Steady | None = None, **more: object) -> StepTruth:
    """Quarter of an hour number k, as one step."""
    truth = step(random_events(0, 1, 3), 1, 3, k * QUARTER_MS, (k + 1) * QUARTER_MS)
    return truth._replace(surroundings=surroundings or Steady(), **more)


def test_reports_come_when_an_interval_ends_and_each_is_counted():
    here = fleet("camera", interval_s=1_800.0)
    assert observe(here, moment(0), 1).n_rows == 0
    rows = observe(here, moment(1), 1)
    assert rows.n_rows == N
    assert set(rows.phenomenon_time_s.tolist()) == {1_800.0}
    assert (rows.result_time_s - rows.phenomenon_time_s == LEDGER["sensing.mobile_delay_s"]).all()
    assert here.tally.n_arrived.tolist() == [1] * N
    assert here.tally.error_sq.sum() == pytest.approx(((rows.result - 1_000.0) ** 2).sum(), rel=1e-5)


def test_cameras_see_worse_in_the_dark():
    def spread(dimness: float, **more: object) -> float:
        here = fleet("camera", interval_s=900.0, **more)
        shown = np.concatenate([observe(here, moment(k, Steady(dimness)), 1).result for k in range(12)])
        return float(shown.std()) / 1_000.0

    assert spread(0.0) == pytest.approx(LEDGER["sensing.camera_noise"], rel=0.05)
    assert spread(1.0) == pytest.approx(LEDGER["sensing.camera_noise_in_the_dark"], rel=0.05)
    assert spread(0.0) < spread(0.5) < spread(1.0)
    assert spread(1.0, noise=0.03) == pytest.approx(0.03, rel=0.05), "who orders a noise gets it"


def test_late_kinds_wait_until_the_day_is_over():
    here = fleet("heat_meter")
    assert observe(here, moment(0), 1).n_rows == 0
    whole = moment(0)._replace(start_ms=0, end_ms=4 * QUARTER_MS, over=True)
    rows = observe(here, whole, 1)
    assert sorted(set(rows.phenomenon_time_s.tolist())) == [900.0, 1_800.0, 2_700.0, 3_600.0]
    assert observe(fleet("camera"), whole, 1).n_rows == 0


@pytest.mark.parametrize(("kind", "made"), [("noise_sensor", False), ("parking_sensor", True)])
def test_without_power_the_mains_make_nothing_and_without_a_site_nothing_arrives(kind, made):
    heard = LEDGER.replaced({"sensing.radio_shadow_db": 0.0, "sensing.radio_loss_at_1_km_db": 60.0})
    here = fleet(kind, outages=True, parameters=heard)
    none, half = np.zeros(N, bool), np.arange(N) < N // 2
    power = observe(here, moment(0, outages={"link": Outages(half, none)}), 1)
    assert (power.datastream < N // 2).any() == made
    assert (power.datastream >= N // 2).any()
    site = observe(here, moment(1, outages={"link": Outages(none, half)}), 1)
    assert not (site.datastream < N // 2).any()
    assert (site.datastream >= N // 2).any()
    back = observe(here, moment(2, outages={"link": Outages(none, none)}), 1)
    assert (back.datastream < N // 2).any()
    lost, down = here.tally.n_lost[half], here.tally.n_down[half]
    assert lost.min() >= (0 if made else 1)
    assert (down.sum() >= N // 2) == (not made)
