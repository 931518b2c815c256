"""INP files: read, written and run again they give the same heads; bad ones are one line."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.utilities.inp_cases import NETWORKS, SMALL, file_of, network_of, text_of
from twin.errors import InputError
from twin.utilities.water.engine import run_inp
from twin.utilities.water.inp import parse_inp, read_inp

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

FT_M = 0.3048
HEADS_FT = {
    "10": 1004.347, "11": 985.230, "12": 970.070, "13": 968.873, "21": 971.547, "22": 969.078,
    "23": 968.645, "31": 967.392, "32": 965.689,
}  # fmt: skip
"""Net1 at the start (EPANET 2.2 and WNTR's own solver agree on them)."""


def far(one, other) -> float:
    """Largest distance of heads, over nodes and hours [m]."""
    assert one.time_s.tolist() == other.time_s.tolist()
    at = {name: row for row, name in enumerate(other.node.tolist())}
    rows = [at[name] for name in one.node.tolist()]
    return float(np.abs(one.head - other.head[:, rows]).max()) * FT_M


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_read_and_written_again_has_the_same_heads(name):
    original = run_inp(text_of(name))
    assert len(original.time_s) >= 24
    assert far(original, run_inp(network_of(name).text())) < 1e-3
    again = parse_inp(network_of(name).text(), name)
    assert again.text() == network_of(name).text()
    assert read_inp(file_of(name)).names("PIPES") == again.names("PIPES")


def changed(line: str, at: int, factor: float) -> str:
    parts = line.split(";", maxsplit=1)[0].split()
    return " ".join([*parts[:at], repr(float(parts[at]) * factor), *parts[at + 1 :]])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_changed_diameter_and_demand_change_the_heads_alike_on_both_sides(name):
    """The file's own lines are changed by hand on one side, the arrays on the other."""
    network = network_of(name)
    busy = int(network.demand.argmax()) if network.demand.any() else 0
    pipe = int(np.argmax((network.length > 100.0) & (network.diameter > 0.0)))
    demand, diameter = network.demand.copy(), network.diameter.copy()
    demand[busy] *= 1.5
    diameter[pipe] *= 0.8
    ours = run_inp(replace(network, demand=demand, diameter=diameter).text())
    section, lines = "", []
    for line in text_of(name).splitlines():
        first = (line.split(";")[0].split() or [""])[0]
        section = line.strip() if line.startswith("[") else section
        if section == "[JUNCTIONS]" and first == network.junction[busy]:
            lines.append(changed(line, 2, 1.5))
        elif section == "[PIPES]" and first == network.pipe[pipe]:
            lines.append(changed(line, 4, 0.8))
        else:
            lines.append(line)
    theirs = run_inp("\n".join(lines))
    assert far(theirs, ours) < 1e-3
    assert far(run_inp(text_of(name)), ours) > 1e-3, "the change is felt"


@pytest.mark.one_interpreter("long, and the engine is the same on each")
@pytest.mark.parametrize("name", NETWORKS)
def test_any_control_that_is_lost_would_be_seen(name):
    """The last four, of all tanks; Net3 repeats its first ones every day."""
    network = network_of(name)
    controls, original = network.sections["CONTROLS"], run_inp(text_of(name))
    assert len(controls) >= 2
    for lost in range(max(len(controls) - 4, 0), len(controls)):
        fewer = controls[:lost] + controls[lost + 1 :]
        without = replace(network, sections={**network.sections, "CONTROLS": fewer})
        assert far(original, run_inp(without.text())) > 1e-3, controls[lost]


def test_heads_of_a_published_network():
    found = run_inp(text_of("Net1"))
    at = {name: row for row, name in enumerate(found.node.tolist())}
    assert {name: round(float(found.head[0, at[name]]), 3) for name in HEADS_FT} == pytest.approx(
        HEADS_FT, abs=2e-3
    )


@pytest.mark.parametrize(
    ("find", "put", "text"),
    [
        ("2 a b", "2 a x", "link 2: it ends at 'x', which is no node"),
        ("1 r a 100", "1 r a long", "pipe 1: 'long' is no number"),
        ("b 10 2 p", "a 10 2 p", "a: an element given twice"),
        ("b 10 2 p", "b", r"\[JUNCTIONS\] b: 1 fields"),
        ("[TITLE]", "nonsense", "line 1: it stands in no section"),
        ("[PIPES]", "[PIPE]", r"no section \[PIPES\]"),
        ("a 10 1", "a nan 1", "junction a: 'nan' is no number"),
    ],
)
def test_a_broken_file_is_one_line(find, put, text):
    with pytest.raises(InputError, match=text):
        parse_inp(SMALL.replace(find, put, 1), "small.inp")


def test_what_the_engine_refuses_is_one_line():
    with pytest.raises(InputError, match="EPANET: Error"):
        run_inp(SMALL.replace("r 50", "", 1))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="not read"):
        read_inp(tmp_path / "none.inp")


def test_without_the_engine_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "epanet", None)
    with pytest.raises(InputError, match=r"twin\[utilities\]"):
        run_inp(SMALL)
