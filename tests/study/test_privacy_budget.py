"""The publisher's door: a key that others cannot read, and a budget that all processes share."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from twin.errors import InputError
from twin.study.privacy_budget import KEY_FILE, KeptBudget, noise_key

SPEND = """
import sys
from pathlib import Path
from twin.errors import InputError
from twin.study.privacy_budget import KeptBudget
try:
    KeptBudget.at(Path(sys.argv[1]), 1.0).spend(sys.argv[2], 0.4)
    print("paid")
except InputError as error:
    print(error)
"""


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = noise_key(tmp_path / "own")
    file = tmp_path / "own" / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    secret = file.read_bytes()
    assert (noise_key(tmp_path / "own").words("june", 9) == first.words("june", 9)).all()
    assert file.read_bytes() == secret
    assert (noise_key(tmp_path / "other").words("june", 9) != first.words("june", 9)).all()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    noise_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(InputError, match="others may read it; right would be: a file of mode 600"):
        noise_key(tmp_path)


def test_what_another_process_spent_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"

    def spend(name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SPEND, str(file), name], env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    # three at once: two are paid, whichever they are
    answers = sorted(str(each.communicate()[0]).strip() for each in [spend(name) for name in "abc"])
    assert answers[:2] == ["paid", "paid"]
    assert "0.4 of 0.2 left" in answers[2]
    budget = KeptBudget.at(file, 1.0)
    assert budget.spent == pytest.approx(0.8)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="published already"):
        budget.spend(budget.rows[0][0], 0.1)
    budget.spend("d", 0.2)
    assert KeptBudget.at(file, 1.0).spent == pytest.approx(1.0)


def test_a_budget_that_was_tampered_with_is_no_budget(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"
    KeptBudget.at(file, 1.0).spend("june", 0.5)
    file.write_text(file.read_text().replace("0.5", "0.1"))
    with pytest.raises(InputError, match="damaged"):
        KeptBudget.at(file, 1.0)
