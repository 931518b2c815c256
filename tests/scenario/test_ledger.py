"""The ledger: complete rows, checked ranges, replaced values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.scenario.ledger import FRACTION_UNITS, KINDS, Parameters, read_rows

ROW = """
["mobility.gap_s"]
value = 2.0
low = 1.5
high = 2.5
unit = "s"
kind = "assumption"
source = "stated here"
meaning = "gap between vehicles"
"""


def ledger(text: str = ROW) -> Parameters:
    return Parameters(read_rows(text, "parameters/mobility.toml"))


def test_rooms_have_the_same_rows_alone_as_in_the_whole_ledger() -> None:
    rooms, whole = Parameters.of_rooms("utilities", "territory"), Parameters.defaults()
    chosen = [*whole.names("territory.*"), *whole.names("utilities.*")]
    assert list(rooms) == chosen
    assert [rooms.row(name) for name in chosen] == [whole.row(name) for name in chosen]


def test_every_shipped_row_says_where_it_comes_from_and_how_sure_it_is() -> None:
    rows = Parameters.defaults().rows()
    assert len(rows) >= 7
    for row in rows:
        assert row.kind in KINDS
        assert row.source.strip()
        assert row.meaning.strip()
        assert row.unit.strip()
        if not isinstance(row.value, tuple):
            assert row.low <= row.value <= row.high, row.name
        if row.unit in FRACTION_UNITS:
            assert all(0.0 <= value <= 1.0 for value in row.values()), row.name


@pytest.mark.parametrize(
    ("find", "put", "line"),
    [
        ('kind = "assumption"', 'kind = "guess"', "kind: no kind 'guess'"),
        ("value = 2.0", "value = 3.0", "value 3 is not within 1.5..2.5"),
        ("value = 2.0", "value = nan", "nan is not a finite number"),
        ("value = 2.0", "value = true", "True is not a finite number"),
        ("value = 2.0", "value = []", "an empty list"),
        ("low = 1.5\n", "", "low or high is missing"),
        ('source = "stated here"', 'source = " "', "source: missing or empty"),
        ('unit = "s"\n', "", "unit: missing or empty"),
        ("value = 2.0", "valeu = 2.0", "valeu: unknown key"),
        ("mobility.gap_s", "behaviour.gap_s", "does not belong to the room 'mobility'"),
        ("low = 1.5", "low = [1.5, 1.0]", "2 bounds for 1 values"),
        (
            'unit = "s"',
            'unit = "s"\nzero = 0',
            "zero: 0 beside the value 2.0; right would be: true, or false",
        ),
        ("value = 2.0", "value =", "Invalid value"),
    ],
)
def test_a_row_that_is_wrong_is_named_in_one_line(find: str, put: str, line: str) -> None:
    with pytest.raises(InputError) as error:
        ledger(ROW.replace(find, put))
    assert "parameters/mobility.toml" in str(error.value)
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_lists_may_omit_their_bounds_and_numbers_may_not() -> None:
    profile = ROW.replace("value = 2.0\nlow = 1.5\nhigh = 2.5", "value = [1, 2.5]")
    assert ledger(profile)["mobility.gap_s"] == (1.0, 2.5)


def test_an_unknown_name_is_answered_with_the_one_meant() -> None:
    with pytest.raises(InputError, match=r"no parameter 'mobility\.gap'; right would be: mobility\.gap_s"):
        ledger()["mobility.gap"]


def test_what_replaces_a_value_is_an_assumption_of_who_replaced_it() -> None:
    before = ledger()
    after = before.replaced({"mobility.gap_s": 1.8}, "village.toml: parameters")
    assert (before["mobility.gap_s"], after["mobility.gap_s"]) == (2.0, 1.8)
    assert after.row("mobility.gap_s").source == "village.toml: parameters"
    assert after.row("mobility.gap_s").kind == "assumption"
    assert before.replaced({"mobility.gap_s": 2}) == before
    assert before.replaced({"mobility.gap_s": 2}).digest == before.digest != after.digest


@pytest.mark.parametrize("value", [-1.0, "fast", math.nan, math.inf, True, None, [1.0], []])
def test_a_value_of_another_type_or_sign_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"here: mobility\.gap_s"):
        ledger().replaced({"mobility.gap_s": value}, "here")


def test_a_share_stays_a_share() -> None:
    shares = ledger(ROW.replace('unit = "s"', 'unit = "share"').replace("2.0", "0.5").replace("1.5", "0"))
    assert shares.replaced({"mobility.gap_s": 1})["mobility.gap_s"] == 1.0
    with pytest.raises(InputError, match="is no share; right would be: between 0 and 1"):
        shares.replaced({"mobility.gap_s": 30})


def test_what_is_above_0_stays_above_0_unless_its_row_says_otherwise() -> None:
    """A share or a price may be 0 whatever its range, for then there is none; others where it reaches 0."""
    share = ROW.replace('unit = "s"', 'unit = "share"').replace("2.0", "0.5").replace("1.5", "0.2")
    said = r"^here: mobility\.gap_s: 0\.0 is not above 0; right would be: more than 0"
    for text in (ROW, share + "zero = false"):
        with pytest.raises(InputError, match=said):
            ledger(text).replaced({"mobility.gap_s": 0}, "here")
    price = ROW.replace('unit = "s"', 'unit = "EUR/h"')
    for text in (share, price, ROW + "zero = true", ROW.replace("low = 1.5", "low = 0")):
        assert ledger(text).replaced({"mobility.gap_s": 0})["mobility.gap_s"] == 0.0
    pair = ROW.replace("value = 2.0\nlow = 1.5\nhigh = 2.5", "value = [1, 2]\nlow = [0.5, 1]\nhigh = [2, 3]")
    with pytest.raises(InputError, match="is not above 0"):
        ledger(pair).replaced({"mobility.gap_s": [1, 0]})
    open_below = ledger(pair.replace("0.5", "0"))
    assert open_below.replaced({"mobility.gap_s": [0, 1]})["mobility.gap_s"] == (0.0, 1.0)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 100), min_size=1))
def test_the_digest_tells_values_apart_and_not_their_order(values: dict[str, float]) -> None:
    def of(order: list[str]) -> Parameters:
        rows = {}
        for key in order:
            value = f"value = {values[key]!r}\nlow = 0\nhigh = 100"
            text = ROW.replace("gap_s", key).replace("value = 2.0\nlow = 1.5\nhigh = 2.5", value)
            rows.update(read_rows(text, "mobility.toml"))
        return Parameters(rows)

    forward, backward = of(list(values)), of(list(values)[::-1])
    assert forward.digest == backward.digest
    assert forward.names("mobility.*") == tuple(sorted(f"mobility.{key}" for key in values))
    first = forward.names()[0]
    changed = forward.replaced({first: forward[first] + 1.0})
    assert changed.digest != forward.digest
    assert changed.digest_of("behaviour.*") == forward.digest_of("behaviour.*")


def test_what_is_recalled_or_stated_here_is_an_assumption() -> None:
    """A law, a statistic or a finding is one that somebody read."""
    guessed = ("recalled", "from memory", "stated here", "is assumed", "rule of thumb")
    for row in Parameters.defaults().rows():
        if row.kind != "assumption":
            assert not any(word in row.source for word in guessed), f"{row.name}: {row.kind}"
