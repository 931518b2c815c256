"""A packet of LoRaWAN: known times on air, and what cannot be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.sensing.radio import SPREADING, airtime_ms


@pytest.mark.parametrize(
    ("payload", "table"),
    [(20, (56.6, 102.9, 185.3, 370.7, 741.4, 1318.9)), (33, (71.9, 133.6, 246.8, 452.6, 987.1, 1810.4))],
)
def test_time_on_air_is_that_of_the_table(payload, table):
    assert [round(airtime_ms(payload, factor), 1) for factor in SPREADING] == list(table)


@given(st.integers(0, 254), st.sampled_from(SPREADING), st.integers(1, 3))
def test_more_bytes_more_redundancy_or_more_spreading_never_take_less_time(payload, factor, coding):
    here = airtime_ms(payload, factor, coding)
    assert airtime_ms(payload + 1, factor, coding) >= here
    assert airtime_ms(payload, factor, coding + 1) >= here
    assert factor == 12 or airtime_ms(payload, factor + 1, coding) > here


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: airtime_ms(20, 13), "7 to 12"),
        (lambda: airtime_ms(300, 7), "0 to 255"),
        (lambda: airtime_ms(20, 7, 5), "4/5 to 4/8"),
    ],
)
def test_what_cannot_be_is_refused(call, line):
    with pytest.raises(InputError, match=line):
        call()
