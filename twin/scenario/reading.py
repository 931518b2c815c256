"""How values are read that TOML writes otherwise than a scenario holds them: lists, single values, texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator

from twin.errors import InputError
from twin.scenario.wording import fault, short


def as_tuple(value: Any) -> Any:
    """A list as a tuple; what else it is, is for its type to refuse.

    >>> as_tuple([1, 2]), as_tuple(1)
    ((1, 2), 1)
    """
    return tuple(value) if isinstance(value, list) else value


def one_or_more(value: Any) -> Any:
    """One value stands for a list of one.

    >>> one_or_more([1, 2]), one_or_more(1)
    ((1, 2), (1,))
    """
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def read_by(parse: Callable[[str], object]) -> AfterValidator:
    """A text that a function must be able to read, kept as written."""

    def checked(text: str) -> str:
        try:
            parse(text)
        except InputError as error:
            raise fault(error.what, error.right) from None
        return text

    return AfterValidator(checked)


def read_focus(value: Any) -> str | tuple[str, ...]:
    """A zone, or several without doublets."""
    zones = value if isinstance(value, list | tuple) else (value,)
    if not zones or not all(isinstance(zone, str) and zone for zone in zones):
        raise fault(f"{short(value)} is not right", '"all", a zone, or a list of zones')
    return value if isinstance(value, str) else tuple(dict.fromkeys(zones))
