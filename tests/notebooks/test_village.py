"""The village's notebook runs from first cell to last, and its days are those of the study's table."""

from __future__ import annotations

import json
import os
import sys
import time

import jupytext
import nbclient
import nbformat
import pytest

from benchmarks.studies.village import CLASS_SHARE, TABLE, Member, finished
from tests.conftest import ROOT

MEASURED = """
import json
from benchmarks.studies.village import measured
lived = [*days.items(), ("classified", answer)]
print("measured", json.dumps([[str(name), measured(day.record, day.digest)] for name, day in lived]))
"""
"""A cell after the last: the numbers that the study writes of a day, of each day that was run here."""


@pytest.mark.timeout(900)
@pytest.mark.one_interpreter("a story of runs that are tested on each")
@pytest.mark.filterwarnings("default")  # what Jupyter warns of is no matter of this project
def test_the_village_notebook_runs_and_shows_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    notebook = jupytext.read(ROOT / "notebooks" / "village.py")
    notebook.cells.append(nbformat.v4.new_code_cell(MEASURED))
    begun, used = time.perf_counter(), sum(os.times()[2:4])
    nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    ).execute()
    taken_s, cpu_s = time.perf_counter() - begun, sum(os.times()[2:4]) - used
    with capsys.disabled():
        sys.stdout.write(f"\nnotebooks/village.py: {taken_s:.0f} s, {cpu_s:.0f} s of the processor\n")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 3  # the day of works, the difference, the chart of twenty seeds
    assert kinds.count("text/html") == 3  # tables
    said = "".join(output.get("text", "") for output in outputs)
    assert "of which 48 are the street" in said
    _, _, measured = said.rpartition("measured ")
    the_days_are_those_of_the_table(dict(json.loads(measured)))


def the_days_are_those_of_the_table(measured: dict[str, dict[str, str]]) -> None:
    """The notebook's seed comes out as in the committed table; another does on each interpreter."""
    table = finished(TABLE)
    lines = {
        "0.0": Member("one_lane", 0.0, None, 2),
        "0.3": Member("one_lane", CLASS_SHARE, None, 2),
        "0.6": Member("one_lane", 0.6, None, 2),
        "classified": Member("class", CLASS_SHARE, 1.0, 2),
    }
    assert set(measured) == set(lines)
    for name, row in measured.items():
        assert len(row) > 5
        assert row == {column: table[lines[name].name][column] for column in row}, name
