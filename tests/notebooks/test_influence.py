"""The notebook of influence runs from its first cell to its last, and shows what it promises."""

from __future__ import annotations

import jupytext
import nbclient
import pytest

from tests.conftest import ROOT


@pytest.mark.timeout(900)
@pytest.mark.one_interpreter("a story of runs that are tested on each")
@pytest.mark.filterwarnings("default")  # what Jupyter warns of is no matter of this project
def test_the_notebook_of_influence_runs_and_shows_its_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    notebook = jupytext.read(ROOT / "notebooks" / "influence.py")
    nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 1
    assert kinds.count("text/html") == 4  # ratios, local streets, blind spots, the small day by hour
    said = "".join(output.get("text", "") for output in outputs)
    assert "Against the U of the literature" in said
    assert "no lever in force" in said
