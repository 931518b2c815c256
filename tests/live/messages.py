"""Messages made by hand."""

from __future__ import annotations

import json
from typing import Any

from twin.readers.sensorthings import moment_text, moment_us

BEGIN_US = moment_us("2027-01-12T08:00:00Z")
S = 1_000_000


def message(number: int, *, at_s: float = 0.0, device: str = "d1", result: Any = 3, **about: Any) -> bytes:
    """An observation so many seconds after 8 o'clock, received one tenth of a second later by default.

    error_s: what the device's clock is wrong by; sent_s, received_s: seconds after 8 o'clock, right clock.
    """
    error_us = round(about.pop("error_s", 0) * S)
    sent_us = BEGIN_US + round(about.pop("sent_s", at_s) * S)
    received_us = BEGIN_US + round(about.pop("received_s", (sent_us - BEGIN_US) / S + 0.1) * S)
    told = {
        "phenomenonTime": moment_text(BEGIN_US + round(at_s * S) + error_us),
        "result": result,
        "Datastream": {"@iot.id": about.pop("stream", "loops/7")},
        "parameters": {
            "device": device,
            "boot": about.pop("boot", "a"),
            "sequence": number,
            "sentTime": moment_text(sent_us + error_us),
            "gatewayTime": moment_text(received_us),
            **about,
        },
    }
    return json.dumps(told).encode()
