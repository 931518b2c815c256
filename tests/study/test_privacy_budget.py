"""The publisher's door: a key that others cannot read, and a budget that all processes share."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.errors import InputError
from twin.study.privacy_budget import KEY_FILE, KeptBudget, budget_file, noise_key
from twin.study.store import write_sealed

SPEND = """
import sys
from pathlib import Path
from twin.errors import InputError
import numpy as np
from twin.study.privacy_budget import KeptBudget
people = np.arange(5, dtype=np.uint64)
try:
    KeptBudget.at(Path(sys.argv[1]), 1.0, people).spend(sys.argv[2], 0.4)
    print("paid")
except InputError as error:
    print(error)
"""


def people(first: int, end: int) -> np.ndarray:
    """Keys of persons."""
    return np.arange(first, end, dtype=np.uint64)


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
    budget = KeptBudget.at(file, 1.0, people(0, 5))
    assert budget.spent == pytest.approx(0.8)
    for kept in (file, *tmp_path.glob("people-*")):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="published already"):
        budget.spend(budget.rows[0][0], 0.1)
    budget.spend("d", 0.2)
    assert KeptBudget.at(file, 1.0, people(0, 5)).spent == pytest.approx(1.0)


def test_losses_add_up_for_each_person_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"
    KeptBudget.at(file, 1.0, people(0, 10)).spend("a scenario", 0.5)
    KeptBudget.at(file, 1.0, people(8, 20)).spend("another, of some of them", 0.25)
    # 8 and 9 gave to both, 0 to the first, 15 to the second, 30 to none
    assert KeptBudget.at(file, 1.0, people(9, 31)).spent == 0.75
    assert KeptBudget.at(file, 1.0, people(0, 8)).spent == 0.5
    assert KeptBudget.at(file, 1.0, people(10, 20)).spent == 0.25
    assert KeptBudget.at(file, 1.0, people(30, 40)).spent == 0.0
    assert KeptBudget.at(file, 1.0, people(0, 0)).spent == 0.0
    with pytest.raises(InputError, match=r"0\.5 of 0\.25 left"):
        KeptBudget.at(file, 1.0, people(9, 31)).spend("one person is in both", 0.5)
    KeptBudget.at(file, 1.0, people(30, 40)).spend("others", 1.0)


def test_a_limit_once_given_is_never_raised(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"
    KeptBudget.at(file, 0.05, people(0, 5)).spend("strict", 0.05)
    later = KeptBudget.at(file, 0.15, people(4, 9))
    assert later.limit == 0.05
    with pytest.raises(InputError, match=r"0 of the 0\.05 of these people left"):
        later.check_left("lax")
    with pytest.raises(InputError, match="of 0 left"):
        later.spend("lax", 0.1)
    assert KeptBudget.at(file, 0.15, people(5, 9)).limit == 0.15


def test_who_stands_behind_an_expense_cannot_be_changed_or_lost(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"
    KeptBudget.at(file, 1.0, people(0, 5)).spend("june", 0.5)
    (behind,) = tmp_path.glob("people-*")
    behind.unlink()
    with pytest.raises(InputError, match="damaged"):
        KeptBudget.at(file, 1.0, people(7, 9))


def test_budgets_that_do_not_tell_whose_they_are_stop_a_publication(tmp_path: Path) -> None:
    assert budget_file(tmp_path) == tmp_path / "budget.json"
    (tmp_path / "budget-0123456789abcdef.json").write_text("{}")
    with pytest.raises(
        InputError, match="earlier version and does not tell whose it is; right would be: ano"
    ):
        budget_file(tmp_path)
    write_sealed(tmp_path / "budget.json", {"kind": "privacy budget", "rows": []})
    with pytest.raises(InputError, match="has the schema version None; right would be: 2"):
        KeptBudget.at(tmp_path / "budget.json", 1.0, people(0, 5))


def test_a_budget_that_was_tampered_with_is_no_budget(tmp_path: Path) -> None:
    file = tmp_path / "budget.json"
    KeptBudget.at(file, 1.0, people(0, 5)).spend("june", 0.5)
    file.write_text(file.read_text().replace("0.5", "0.1"))
    with pytest.raises(InputError, match="damaged"):
        KeptBudget.at(file, 1.0, people(0, 5))
