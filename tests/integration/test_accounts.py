"""The books of a day that was really run: every payment has a payer and a receiver, and fuel is paid."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.indicators.footprint import PRICES
from twin.study.results import Result
from twin.study.run import run_in

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)


@pytest.fixture(scope="module")
def lived() -> Result:
    """An ordinary day of the village."""
    return run_in(scenario(), 1, world())


def test_balances_sum_to_nought_and_are_what_was_posted(lived: Result) -> None:
    assert lived.record is not None
    books = lived.record.accounts
    assert books.total_cents() == 0
    balance: Counter[str] = Counter()
    for payer, receiver, cents, _ in books.postings:
        assert cents >= 0
        assert payer != receiver
        balance[payer] -= cents
        balance[receiver] += cents
    assert dict(balance) == books.balance_cents
    assert lived.value("sum_of_accounts") == 0.0


def test_fuel_is_booked_as_burnt(lived: Result) -> None:
    record = lived.record
    assert record is not None
    prices = np.array([record.parameters[name] for name in PRICES])
    burnt_eur = float((record.emissions.energy_by_trip @ prices).sum())
    paid = [posting for posting in record.accounts.postings if posting[3] == "fuel and electricity"]
    zones = record.territory.zones.name
    assert {payer for payer, *_ in paid} == {f"travellers of {name}" for name in (*zones, "outside")}
    assert {receiver for _, receiver, *_ in paid} == {"energy suppliers"}
    received = record.accounts.balance_cents["energy suppliers"]
    assert received == sum(cents for _, _, cents, _ in paid) > 10_000
    assert abs(received - 100.0 * burnt_eur) <= len(paid), "whole cents for each who pays"
