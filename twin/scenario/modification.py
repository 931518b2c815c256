"""What every kind of modification is: when it holds, what it is made of, what it does to links."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from twin.clock import HORIZON_S, parse_month, parse_time_s
from twin.errors import InputError
from twin.scenario.entry import Entry
from twin.scenario.selectors import LinkSelector
from twin.scenario.wording import fault


def _moment(text: str) -> str:
    """A time of day or a month, as written."""
    try:
        parse_time_s(text) if ":" in text else parse_month(text)
    except InputError as error:
        raise fault(error.what, error.right if ":" in text else f"HH:MM or {error.right}") from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]
Share = Annotated[float, Field(ge=0, le=1)]

MOMENT_WORDS = "HH:MM (operational clock) or YYYY-MM (strategic clock)"


class Modification(Entry):
    """One thing that an alternative changes, from a moment until another."""

    kind: str = Field(description="a kind of modification")
    from_: Moment | None = Field(None, alias="from", description=MOMENT_WORDS)
    until: Moment | None = Field(None, description=MOMENT_WORDS)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Modification:
        if self.from_ is not None and self.until is not None:
            if (":" in self.from_) != (":" in self.until):
                raise fault(f"from {self.from_!r} and until {self.until!r} are of two clocks", MOMENT_WORDS)
            parse = parse_time_s if ":" in self.from_ else parse_month
            if parse(self.until) <= parse(self.from_):
                raise fault(f"until {self.until!r} is not after from {self.from_!r}", "a later moment")
        return self

    def called(self) -> str:
        """Its kind, and its name if it has one."""
        name = getattr(self, "name", "")
        return f"modification {self.kind!r} {name!r}" if name else f"modification {self.kind!r}"

    @property
    def from_s(self) -> int:
        """Moment of the day from which it holds [s]."""
        return parse_time_s(self.from_) if self.from_ and ":" in self.from_ else 0

    @property
    def until_s(self) -> int:
        """Moment of the day until which it holds [s]."""
        return parse_time_s(self.until) if self.until and ":" in self.until else HORIZON_S

    def in_force(self, month: str) -> bool:
        """Whether it holds in that month (YYYY-MM): always, for what only names times of day."""
        now = parse_month(month)
        begun = self.from_ is None or ":" in self.from_ or parse_month(self.from_) <= now
        ended = self.until is not None and ":" not in self.until and parse_month(self.until) <= now
        return begun and not ended

    def differs(self) -> str:
        """What differs from the present, in words."""
        values = self.model_dump(exclude_defaults=True, exclude={"kind", "from_", "until", "links"})
        words = [f"{key} {value}" for key, value in values.items()]
        links = getattr(self, "links", None)
        if isinstance(links, LinkSelector):
            words.insert(0, f"on {links.spelled()}")
        words += [f"{key} {value}" for key, value in (("from", self.from_), ("until", self.until)) if value]
        return f"{self.kind.replace('_', ' ')}: {', '.join(words)}" if words else self.kind.replace("_", " ")

    def parts(self) -> tuple[Modification, ...]:
        """The kinds that this one is made of; itself, unless it says more."""
        return (self,)

    def told_parts(self) -> tuple[Modification, ...]:
        """All that it is made of, parts of parts too, which know where it is written itself."""
        told: list[Modification] = []
        for part in self.parts():
            part.written_as(self)
            told += (part,) if part is self else part.told_parts()
        return tuple(told)


class OnLinks(Modification):
    """A modification of some links."""

    links: LinkSelector = Field(description='a table that names links, for example {ref = "D2564"}')


class OfWholeDays(Modification):
    """A modification that holds for whole days, not from one hour to another."""

    @model_validator(mode="after")
    def _holds_for_whole_days(self) -> OfWholeDays:
        for key, moment in (("from", self.from_), ("until", self.until)):
            if moment is not None and ":" in moment:
                raise fault(f"{moment!r}: {self.kind} holds for whole days", "a month YYYY-MM", (key,))
        return self
