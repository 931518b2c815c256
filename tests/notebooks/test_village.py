"""The village's notebook runs from its first cell to its last, and shows what it promises."""

from __future__ import annotations

import os
import sys
import time

import jupytext
import nbclient
import pytest

from tests.conftest import ROOT


@pytest.mark.timeout(900)
@pytest.mark.one_interpreter("a story of runs that are tested on each")
@pytest.mark.filterwarnings("default")  # what Jupyter warns of is no matter of this project
def test_the_village_notebook_runs_and_shows_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    notebook = jupytext.read(ROOT / "notebooks" / "village.py")
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
    assert "of which 48 are the street" in "".join(output.get("text", "") for output in outputs)
