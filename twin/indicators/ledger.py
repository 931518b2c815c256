"""Which rows of the ledger stand behind which kind of number, as patterns of names."""

from __future__ import annotations

DEMAND = ("population.*", "territory.*")
"""Who lives there and what they plan."""

TRAFFIC = (
    *(*DEMAND, "fleet.*", "behaviour.*", "calculators.*"),
    *("mobility.*", "junctions.*", "parking.*", "transit.*", "on_demand.*", "scenario.*"),
)
"""What became of the plans on the streets."""

KNOWLEDGE = (*TRAFFIC, "knowledge.*", "sensing.*")
"""What owners came to believe of it."""

CONSUMPTION = (*KNOWLEDGE, "utilities.*")
"""What people draw from water and power networks, and what meters say of it."""

EMISSIONS = (*TRAFFIC, "emissions.*")
"""What vehicles burnt and emitted."""
