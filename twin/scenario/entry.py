"""A table of a scenario that knows where it is written, so that whoever finds fault with it can say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import PrivateAttr

from twin.errors import InputError
from twin.scenario.files import Merged
from twin.scenario.selectors import Model
from twin.scenario.wording import Location, spell


@dataclass(frozen=True)
class _Written:
    """Where a table stands; two tables of one content are equal wherever they stand."""

    merged: Merged | None = field(default=None, compare=False)
    location: Location = field(default=(), compare=False)


class Entry(Model):
    """A provider, a sensor fleet or a modification, told by file and key, or by name where it has no file."""

    _written: _Written = PrivateAttr(default_factory=_Written)

    def written(self, merged: Merged | None, location: Location) -> None:
        """Remember where it is written."""
        self._written = _Written(merged, location)

    def written_as(self, whole: Entry) -> None:
        """Remember that it is written where the whole is of which it is a part."""
        self._written = whole._written

    def called(self) -> str:
        """What it is called where no file is known."""
        return type(self).__name__

    def where(self, *keys: str | int) -> str:
        """File and key for error messages: ``day.toml: modification 2: links``."""
        merged, location = self._written.merged, self._written.location
        if merged is not None:
            return merged.where((*location, *keys))
        return f"{self.called()}: {spell(keys)}" if keys else self.called()


@contextmanager
def told_of(entry: Entry | None, *keys: str) -> Iterator[None]:
    """Whatever is wrong within is told of that entry's key; as it stands where there is no entry."""
    try:
        yield
    except InputError as error:
        if entry is None:
            raise
        raise InputError(entry.where(*keys), error.what, error.right) from None
