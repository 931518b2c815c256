"""What Mesa's collector keeps of every step of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def day_collector() -> mesa.DataCollector:
    """Moment, vehicles under way and waiting, rotations; by functions with names, which can be pickled."""
    return mesa.DataCollector(
        model_reporters={
            "moment_s": "now_s",
            "driving_veh": _driving_veh,
            "waiting_veh": _waiting_veh,
            "rotations": _rotations,
        }
    )


def _driving_veh(model: TwinModel) -> int:
    return int(model.state.loader.driving.shape[0])


def _waiting_veh(model: TwinModel) -> int:
    return int(model.state.loader.waiting.shape[0])


def _rotations(model: TwinModel) -> int:
    return int(model.state.loader.rotations)
