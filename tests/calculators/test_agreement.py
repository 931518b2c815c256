"""The data agreement: closures reach the provider, filtered traffic the city, nothing without it."""

from __future__ import annotations

import numpy as np
import pytest

from twin.calculators.agreement import (
    apply_agreement,
    closures_dataset,
    known_closures,
    notices,
    traffic_dataset,
)
from twin.errors import InputError
from twin.knowledge.datasets import observations
from twin.knowledge.platform import DataPlatform
from twin.scenario.modifications import DataAgreement

OPEN = np.zeros(3, dtype=np.bool_)
CLOSED = np.array([False, True, False])


def platform_with(*agreements: DataAgreement) -> DataPlatform:
    platform = DataPlatform()
    platform.add(closures_dataset("city"))
    platform.add(traffic_dataset("swift", cadence_s=300.0))
    for agreement in agreements:
        apply_agreement(platform, agreement, "city", lag_s=120.0)
    platform.append("city.closures", notices(OPEN, CLOSED, 25_200.0))
    platform.append("swift.traffic", observations(np.array([0]), 25_200.0, 25_200.0, 30.0))
    return platform


def test_provider_knows_closures_by_agreement_only():
    agreed, alone = platform_with(DataAgreement(provider="swift")), platform_with()
    for moment_s, closed in ((25_199.0, OPEN), (25_200.0, CLOSED)):
        assert known_closures(agreed, "swift", "city", moment_s, 3).tolist() == closed.tolist()
        assert known_closures(alone, "city", "city", moment_s, 3).tolist() == closed.tolist()
        assert not known_closures(alone, "swift", "city", moment_s, 3).any()


def test_a_link_that_opens_again_is_open():
    platform = platform_with(DataAgreement(provider="swift"))
    platform.append("city.closures", notices(CLOSED, OPEN, 32_400.0))
    assert known_closures(platform, "swift", "city", 32_399.0, 3).tolist() == CLOSED.tolist()
    assert not known_closures(platform, "swift", "city", 32_400.0, 3).any()
    assert notices(OPEN, OPEN, 0.0).n_rows == 0


def test_city_gets_traffic_after_the_lag_of_the_agreement():
    agreed = platform_with(DataAgreement(provider="swift"))
    seen = [agreed.visible("city", "swift.traffic", moment).n_rows for moment in (25_319.0, 25_320.0)]
    assert seen == [0, 1]
    assert platform_with().visible("city", "swift.traffic", 30_000.0).n_rows == 0


def test_each_way_can_be_agreed_alone():
    one_way = platform_with(DataAgreement(provider="swift", returns_traffic=False))
    assert one_way.rights.table()[0][:2] == ("swift", "city.closures")
    assert len(one_way.rights.table()) == 1
    other = platform_with(DataAgreement(provider="swift", shares_closures=False))
    assert [row[:2] for row in other.rights.table()] == [("city", "swift.traffic")]


def test_an_agreement_with_nobody_or_twice_is_one_line():
    with pytest.raises(InputError, match="no such dataset"):
        platform_with(DataAgreement(provider="nobody"))
    with pytest.raises(InputError, match="already"):
        platform_with(DataAgreement(provider="swift"), DataAgreement(provider="swift"))
