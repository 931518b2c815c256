"""Money: every posting moves an amount, so the books must come to nought."""

from __future__ import annotations

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY
from twin.indicators.indicator import Groups, indicator
from twin.indicators.records import DayRecord


@indicator("cents", "none", ())
def sum_of_accounts(record: DayRecord, focus: Focus) -> Groups:
    """Sum of all balances: zero, or the day is wrong; of the whole area only."""
    return {EVERYBODY: float(record.accounts.total_cents())} if focus.is_whole else {}
