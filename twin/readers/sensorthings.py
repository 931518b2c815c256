"""Observations of the OGC SensorThings API 1.1 (OGC 18-088), one JSON object a line, into columns.

What says which message this is stands in ``parameters``, which the standard leaves free: ``device``, ``boot``
(a new one whenever the device starts or sets its clock), ``sequence``; ``sentTime`` by the device's own clock
at each transmission, and ``gatewayTime`` by the clock of who received it, where a gateway stands between.
A line that cannot be read is told with its number and the reason, and the others are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from twin.errors import needing

MOST_BYTES = 65_536
"""Of one line; a longer one is refused unread."""
MOST_LETTERS = 200
"""Of a name, and of what is kept of a refused line."""
MOST_SEQUENCE = 2**53 - 1
"""Whole numbers that JSON carries without loss (RFC 8259, section 6)."""
UNKNOWN_US = -(2**63)
"""A moment that the message does not tell."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Refusal(NamedTuple):
    """A line that was not taken: its number, what is wrong, what would be right, how it begins."""

    line: int
    what: str
    right: str
    text: str


class Message(NamedTuple):
    """One observation; moments in microseconds since 1970 (UTC), `UNKNOWN_US` where not told.

    Without a device of its own the datastream stands for it, and the phenomenon time for its number.
    """

    device: str
    boot: str
    sequence: int
    datastream: str
    phenomenon_us: int
    result_us: int
    sent_us: int
    received_us: int
    result: float


@dataclass
class MessageBatch:
    """Messages in their order, with the number of the last line read, and the lines refused."""

    messages: list[Message] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    last_line: int = 0


class UnreadableError(ValueError):
    """Why an observation cannot be taken: what is wrong, what would be right."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(what, right)
        self.what, self.right = what, right


def read_lines(lines: Iterable[bytes], first_line: int = 1) -> MessageBatch:
    """Observations of lines of JSON; empty lines are passed over.

    >>> good = b'{"result": 3, "phenomenonTime": "2027-01-12T08:00Z", "Datastream": {"@iot.id": "loops/7"}}'
    >>> block = read_lines([good, b"{]"])
    >>> block.messages[0].datastream, block.messages[0].result, block.refused[0].line
    ('loops/7', 3.0, 2)
    """
    loads = json_reader()
    block = MessageBatch(last_line=first_line - 1)
    for number, line in enumerate(lines, start=first_line):
        block.last_line = number
        if not line.strip():
            continue
        try:
            if len(line) > MOST_BYTES:
                raise UnreadableError(f"{len(line):,} bytes", f"{MOST_BYTES:,} bytes at most")
            block.messages.append(message_of(loads(line)))
        except UnreadableError as error:
            block.refused.append(Refusal(number, error.what, error.right, shown_line(line)))
        except ValueError as error:
            block.refused.append(
                Refusal(number, f"no JSON: {error}", "one JSON object a line", shown_line(line))
            )
    return block


def message_of(told: Any, datastream: Any = None) -> Message:
    """One Observation as a message; raises `UnreadableError`. ``datastream``: id in the address."""
    if not isinstance(told, dict):
        raise UnreadableError("not a JSON object", "an Observation")
    result = told.get("result")
    if not isinstance(result, int | float) or not abs(result) < 1e300:
        raise UnreadableError(f"result {result!r:.40}", "a number, or true or false")
    stream = told.get("Datastream")
    if isinstance(stream, dict):
        datastream = stream.get("@iot.id")
    phenomenon_us = _moment(told, "phenomenonTime")
    if phenomenon_us == UNKNOWN_US:
        raise UnreadableError("no phenomenonTime", "when the result was so, in ISO 8601 with its zone")
    name = _name(datastream, "Datastream/@iot.id")
    result_us = _moment(told, "resultTime")
    result_us = phenomenon_us if result_us == UNKNOWN_US else result_us
    about = told.get("parameters") or {}
    if not isinstance(about, dict):
        raise UnreadableError("parameters is no object", "a JSON object")
    sent_us, received_us = _moment(about, "sentTime"), _moment(about, "gatewayTime")
    moments = (phenomenon_us, result_us, sent_us, received_us)
    if "device" not in about:
        return Message(f"~{name}", "", phenomenon_us, name, *moments, float(result))
    boot = about.get("boot", "")
    sequence = about.get("sequence")
    if type(sequence) is not int or not 0 <= sequence <= MOST_SEQUENCE:
        raise UnreadableError(f"sequence {sequence!r:.40}", f"a whole number, 0 to {MOST_SEQUENCE}")
    device = _name(about["device"], "device")
    if device.startswith("~"):
        raise UnreadableError(f"device {device!r:.40}", "a name that begins with a letter or a figure")
    return Message(device, _name(boot, "boot") if boot != "" else "", sequence, name, *moments, float(result))


def moment_us(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 moment with its zone; of an interval, its end.

    A leap second is the second after it, as POSIX counts.

    >>> moment_us("2038-01-19T03:14:08Z") // 1_000_000 == 2**31
    True
    >>> moment_us("2016-12-31T23:59:60Z") == moment_us("2017-01-01T01:00:00+01:00")
    True
    """
    if "/" in text:
        text = text.rpartition("/")[2]
    leap = 0
    if text[17:19] == "60":
        text, leap = f"{text[:17]}59{text[19:]}", 1_000_000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return (moment - _EPOCH) // _MICROSECOND + leap


def moment_text(us: int) -> str:
    """A moment in ISO 8601, UTC, no more digits than it has.

    >>> moment_text(1_500_000), moment_text(0)
    ('1970-01-01T00:00:01.500Z', '1970-01-01T00:00:00Z')
    """
    moment = _EPOCH + timedelta(microseconds=us)
    digits = "seconds" if us % 1_000_000 == 0 else "milliseconds" if us % 1_000 == 0 else "microseconds"
    return moment.isoformat(timespec=digits).replace("+00:00", "Z")


def json_reader() -> Any:
    """The reader of JSON: refuses NaN and what is nested without end; part of the extra ``live``."""
    with needing("live"):
        import orjson
    return orjson.loads


def shown_line(line: bytes) -> str:
    """How a line begins, as text."""
    return line[:MOST_LETTERS].decode("utf-8", "replace").strip()


def _moment(told: dict[str, Any], key: str) -> int:
    text = told.get(key)
    if text is None:
        return UNKNOWN_US
    try:
        return moment_us(text)
    except (ValueError, TypeError, OverflowError):
        right = "a moment in ISO 8601 with its zone, as 2027-01-12T08:00:00Z"
        raise UnreadableError(f"{key} {text!r:.60}", right) from None


def _name(value: Any, key: str) -> str:
    if type(value) is int:
        return str(value)
    if not isinstance(value, str) or not value or len(value) > MOST_LETTERS:
        raise UnreadableError(f"{key} {value!r:.60}", f"a number, or a text of 1 to {MOST_LETTERS} letters")
    return value
