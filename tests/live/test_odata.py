"""Conditions and options of queries: against plain Python, and told where they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError

pytest.importorskip("lark")
from twin.live.odata import holds, parse
from twin.live.options import options_of, split

VALUES = [0.0, 1.0, 2.5, -3.0]
NAMES = ["loop", None, "a 'b'", "Order"]
MOMENTS = np.array(
    ["2027-01-12T08:00", "2027-01-12T09:30:15", "2026-02-28T23:59", "NaT"], dtype="datetime64[us]"
)
COLUMNS = {
    ("result",): np.array(VALUES),
    ("name",): np.array(NAMES, dtype=object),
    ("order",): np.array(VALUES[::-1]),
    ("phenomenonTime",): MOMENTS,
    ("Datastream", "unitOfMeasurement", "symbol"): np.array(["veh"] * 4, dtype=object),
}


def rows_of(text: str) -> list[int]:
    return np.flatnonzero(holds(parse(text), COLUMNS.__getitem__, 4)).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("result gt 0.5", [1, 2]),
        ("result ge 1 and not result eq 2.5", [1]),
        ("result lt -2 or result eq 0", [0, 3]),
        ("not (result lt -2 or result eq 0)", [1, 2]),
        ("result add 1 mul 2 eq 2", [0]),
        ("(result add 1) mul 2 eq 2", [0]),
        ("(result add 1) mul 2 eq 4", [1]),
        ("result sub 1 eq -4", [3]),
        ("result mod 2 eq 0.5", [2]),
        ("order eq -3", [0]),
        ("name eq 'a ''b'''", [2]),
        ("name ne 'loop'", [2, 3]),
        ("startswith(tolower(name),'or') or substringof('oo', name)", [0, 3]),
        ("length(name) eq 4", [0]),
        ("phenomenonTime ge 2027-01-12T09:00:00+01:00", [0, 1]),
        ("phenomenonTime lt now()", [2]),
        ("year(phenomenonTime) eq 2026 and month(phenomenonTime) eq 2 and day(phenomenonTime) eq 28", [2]),
        ("hour(phenomenonTime) eq 9 and minute(phenomenonTime) eq 30 and second(phenomenonTime) eq 15", [1]),
        ("Datastream/unitOfMeasurement/symbol eq 'veh' and round(result) eq 2", [2]),
        ("true and not false", [0, 1, 2, 3]),
    ],
)
def test_conditions_mean_what_they_say(text, rows):
    if "now()" in text:
        assert 2 in rows_of(text)
    else:
        assert rows_of(text) == rows


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("result gt", "from letter"),
        ("result gt 5 )", "letter 13"),
        ("result = 5", "letter 8"),
        ("result gt 'five'", "number and text"),
        ("result", "no condition"),
        ("name gt 2027-01-12T09:00:00Z", "moment and text"),
        ("st_within(name, 'x') eq 1", "no function"),
        ("length(result) eq 1", "no text"),
        ("name add 1 eq 1", "no number"),
        ("startswith(name) eq true", "arguments"),
        ("a" * 3_000, "2000 at most"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(text, why):
    with pytest.raises(InputError, match=why):
        rows_of(text)


CONDITIONS = st.recursive(
    st.tuples(st.sampled_from(["result", "order"]), st.sampled_from(["gt", "le", "ne"]), st.integers(-3, 3)),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=8,
)


def spoken(tree) -> tuple[str, str]:
    """The same condition in OData and in Python."""
    if tree[0] in ("and", "or"):
        (a, x), (b, y) = spoken(tree[1]), spoken(tree[2])
        return f"({a}) {tree[0]} ({b})", f"(({x}) {tree[0]} ({y}))"
    if tree[0] == "not":
        inside, plain = spoken(tree[1])
        return f"not ({inside})", f"(not ({plain}))"
    sign = {"gt": ">", "le": "<=", "ne": "!="}[tree[1]]
    return f"{tree[0]} {tree[1]} {tree[2]}", f"({tree[0]} {sign} {tree[2]})"


@given(CONDITIONS)
def test_conditions_are_those_of_python(tree):
    text, plain = spoken(tree)
    slow = [k for k in range(4) if eval(plain, {"result": VALUES[k], "order": VALUES[::-1][k]})]
    assert rows_of(text) == slow


def test_options_nest():
    inside = "$select=name,id;$top=2;$expand=Observations($filter=result gt 5)"
    asked = options_of({"$expand": f"Datastreams({inside}),Locations/Things"})
    inner = asked.expand["Datastreams"]
    assert (inner.select, inner.top) == (("name", "id"), 2)
    assert inner.expand["Observations"].where is not None
    assert list(asked.expand["Locations"].expand) == ["Things"]
    assert split("a(b,c),d", ",") == ["a(b,c)", "d"]


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"$top": "-1"}, "whole number"),
        ({"$skip": "1.5"}, "whole number"),
        ({"$count": "yes"}, "true or false"),
        ({"$orderby": "result down"}, "asc or NAME desc"),
        ({"$format": "csv"}, "one of"),
        ({"$expand": "A(B(C"}, "no end"),
        ({"$expand": "A($top)"}, "VALUE"),
        ({"$expand": "A/B/C/D/E/F"}, "deep"),
    ],
)
def test_options_that_are_wrong_are_told(given_, why):
    with pytest.raises(InputError, match=why):
        options_of(given_)
