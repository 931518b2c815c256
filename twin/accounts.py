"""Money in whole cents, double entry: every posting moves an amount, so the sum stays zero."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Accounts:
    """Balances by account [cents]; the sum over all accounts is zero by construction.

    >>> books = Accounts()
    >>> books.post("household", "fuel_station", 6_120, "fuel")
    >>> books.balance_cents["household"], books.total_cents()
    (-6120, 0)
    """

    balance_cents: dict[str, int] = field(default_factory=dict)
    postings: list[tuple[str, str, int, str]] = field(default_factory=list)

    def post(self, payer: str, receiver: str, amount_cents: int, purpose: str) -> None:
        """Move a whole amount of cents from payer to receiver."""
        if not isinstance(amount_cents, int) or amount_cents < 0:
            raise ValueError(f"{purpose}: {amount_cents!r} is no whole, non-negative amount of cents")
        self.balance_cents[payer] = self.balance_cents.get(payer, 0) - amount_cents
        self.balance_cents[receiver] = self.balance_cents.get(receiver, 0) + amount_cents
        self.postings.append((payer, receiver, amount_cents, purpose))

    def total_cents(self) -> int:
        """Sum of all balances [cents]: zero."""
        return sum(self.balance_cents.values())
