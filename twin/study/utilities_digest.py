"""What the digest covers of utility networks: who fell, who came, who was without, what flowed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.utilities_record import UtilitiesRecord
from twin.kernels.random import keys_of
from twin.study.transit_digest import Column
from twin.units import MM_PER_M, W_PER_KW

Table = tuple[str, list[Column]]
ML_PER_L, PU_STEPS = 1_000.0, 1e6


def utilities_tables(record: UtilitiesRecord) -> list[Table]:
    """Failures, visits, services of places by span, and what flowed, in whole small units."""
    failures, visits, damages = record.failures, record.visits, record.damages
    order = np.argsort(keys_of(record.place_id), kind="stable")
    return [
        ("failures", [
            ("element", "<u8", keys_of(failures.element_id)),
            ("at_ms", "<i8", _whole(failures.at_s * 1e3)),
            ("round", "<i4", failures.round),
            ("cause", "<u8", keys_of(failures.cause_id)),
            ("restored_ms", "<i8", _whole(failures.restored_s * 1e3)),
        ]),
        ("damages", [
            ("element", "<u8", keys_of(damages.element_id)),
            ("at_ms", "<i8", _whole(damages.at_s * 1e3)),
            ("work_ms", "<i8", _whole(damages.work_s * 1e3)),
        ]),
        ("visits", [
            ("crew", "<u8", keys_of(visits.crew)),
            ("element", "<u8", keys_of(visits.element_id)),
            ("arrives_ms", "<i8", _whole(visits.arrives_s * 1e3)),
            ("done_ms", "<i8", _whole(visits.done_s * 1e3)),
        ]),
        ("services", [
            ("begin_step", "<i4", record.begin_step),
            *((name, "<u1", record.share[name][:, order].ravel()) for name in sorted(record.share)),
        ]),
        ("flows", [
            ("asked_w", "<i8", _whole(record.asked_kw[:, order] * W_PER_KW)),
            ("served_w", "<i8", _whole(record.served_kw[:, order] * W_PER_KW)),
            ("asked_mlps", "<i8", _whole(record.asked_lps[:, order] * ML_PER_L)),
            ("served_mlps", "<i8", _whole(record.served_lps[:, order] * ML_PER_L)),
            ("heat_asked_w", "<i8", _whole(record.asked_heat_kw * W_PER_KW)),
            ("heat_served_w", "<i8", _whole(record.served_heat_kw * W_PER_KW)),
            ("pressure_mm", "<i8", _whole(record.pressure_m * MM_PER_M)),
            ("voltage", "<i8", _whole(record.voltage_pu * PU_STEPS)),
        ]),
    ]  # fmt: skip


def _whole(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rounded, -1 where there is none, in one row."""
    known = np.isfinite(values)
    return np.where(known, np.rint(np.where(known, values, 0.0)), -1.0).astype(np.int64).ravel()
