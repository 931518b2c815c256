"""Calibration: how each fit ended, and the flag where a population is not calibrated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.population.world import POPULATION, write_population
from twin.population.days.activities import GROUPS, day_fit
from twin.population.days.modes import fit_factors
from twin.population.file import CalibrationTable
from twin.population.marginals import Marginals
from twin.population.population import Population
from twin.population.published.calibration import calibration_of
from twin.population.residents.fit_report import FitReport
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
NOBODY = Marginals((), (), (), (), "here")
AS_ASKED = (3.0, 2.9)
MET = FitReport.of("mode shares, town", {"car": (0.6, 0.6)}, (3, 200), 1e-6, "share")


def test_every_fit_tells_its_rounds_and_what_is_left(population: Population) -> None:
    fits = {each["what"]: each for each in population.report["calibration"]["fits"]}
    assert set(fits) == {
        *(f"days, {density}" for density in ("dense", "village")),
        *(f"mode shares, {density}, France" for density in ("dense", "village")),
        "households and ages, old/Left",
        "households and ages, new",
        "trips per person",
    }
    for fit in fits.values():
        assert fit["met"] == (fit["worst_miss"] <= fit["tolerance"])
        assert 0 < fit["rounds"] <= fit["rounds_limit"]
    assert fits["days, dense"]["met"]
    assert (
        1 < fits["mode shares, dense, France"]["rounds"] < fits["mode shares, dense, France"]["rounds_limit"]
    )


def test_a_fit_stops_once_it_is_close_enough() -> None:
    attraction = np.array([[1.0, 1.0, 0.0, 0.0, 0.0]] * 2)
    factor, rounds = fit_factors(attraction, np.ones(2), np.array([0.75, 0.25, 0.0, 0.0, 0.0]))
    assert factor[1] == pytest.approx(1 / 3, abs=1e-5)
    assert rounds == 1, "two modes open to all are told apart in one round"
    _, rounds = fit_factors(attraction, np.ones(2), np.array([0.7, 0.2, 0.1, 0.0, 0.0]))
    assert rounds == 200, "nobody can walk, so the stop rule is never met"


def test_days_that_contradict_their_aims_are_told() -> None:
    """Pupils alone cannot make one trip in nine an escort."""
    pupils = np.full(200, GROUPS.index("pupil"))
    fit = day_fit(pupils, "town", LEDGER)
    assert not fit.met
    assert fit.rounds == fit.rounds_limit
    assert (fit.worst_aim, fit.reached) == ("escort", 0.0)
    workers = np.repeat([GROUPS.index("working_parent"), GROUPS.index("retired"), GROUPS.index("pupil")], 400)
    assert day_fit(workers, "town", LEDGER).met


def test_shares_out_of_reach_raise_the_flag(town: Territory, population_file: Path) -> None:
    """Where nobody may walk, the share of walking is not met, and the reason says by how much."""
    lame = LEDGER.replaced({"population.walk_limit_km": 0.0})
    told = synthesise(town, population_file, lame, seed=1).report["calibration"]
    assert not told["calibrated"]
    assert [reason for reason in told["reasons"] if reason.startswith("mode shares, dense, France: ")] == [
        "mode shares, dense, France: walk 0 where 0.396 is asked"
    ]


def test_people_of_another_state_raise_the_flag(town: Territory, tmp_path: Path) -> None:
    text = POPULATION.replace('legal_regime = "France"', 'legal_regime = "Monaco"', 1)
    told = synthesise(town, write_population(tmp_path, text), LEDGER, seed=1).report["calibration"]
    assert "people of old/Left (legal regime Monaco) are given statistics of France" in told["reasons"]
    assert not told["calibrated"]


def test_a_place_without_a_file_raises_the_flag(town: Territory) -> None:
    made = synthesise(town, None, LEDGER, seed=1)
    assert (
        "people of new, old (legal regime unknown) are given statistics of France"
        in (made.report["calibration"]["reasons"])
    )
    assert {area["legal_regime"] for area in made.report["areas"]} == {"unknown"}


def test_calibrated_is_what_has_counts_that_are_met_and_no_reason_against_it() -> None:
    counted = {"rows": [{"met": True}]}
    assert calibration_of(NOBODY, (), (MET,), counted, AS_ASKED)["calibrated"]
    assert not calibration_of(NOBODY, (), (MET,), None, AS_ASKED)["calibrated"]
    close = FitReport.of("days, town", {"shop": (1.0, 0.995)}, (1000, 1000), 1e-9, "part of its aim")
    assert calibration_of(NOBODY, (), (close,), counted, AS_ASKED)["calibrated"], (
        "half a percent is no reason"
    )
    assert not close.met
    table = {"kind": "statistic", "source": "loops", "counts": 3, "met": True, "worst_error": 0.02}
    streets = replace(NOBODY, calibration=CalibrationTable.model_validate(table))
    assert calibration_of(streets, (), (MET,), None, AS_ASKED)["calibrated"]
    missed = replace(
        NOBODY, calibration=CalibrationTable.model_validate(table | {"met": False, "worst_error": 0.4})
    )
    told = calibration_of(missed, (), (MET,), None, AS_ASKED)
    assert told["reasons"] == ["counts of streets: one is missed by 40% (loops)"]
    fewer = calibration_of(NOBODY, (), (MET,), counted, (3.0, 2.8))
    assert fewer["reasons"] == ["trips per person: made 2.8 where 3 is asked"]
    assert calibration_of(NOBODY, (), (MET,), counted, (3.0, None))["calibrated"], "nobody of 6 and over"
