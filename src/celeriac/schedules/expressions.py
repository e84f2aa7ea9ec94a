"""Crontab expressions: from '*/15', 'mon-fri', '1-30/3' or a list of numbers to the set of numbers they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAY_NUMBERS: Final = {name[:3]: number for number, name in enumerate(WEEKDAYS)}
_MONTH_NUMBERS: Final = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
_FORMS: Final = "write '*', '*/5', '7', '1-5', '1-5/2', or several of these with commas between"


class ParseException(ValueError):
    """The text is no crontab expression."""

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file


class crontab_parser:  # noqa: N801 - Celery's name
    """Reads the expressions of one field, whose numbers are `min_` up to and including `max_ + min_ - 1`.

    Parts are separated by commas. A part is `*`, a number or a name, a range `a-b`, each of these but the
    single number with a step `/n`. A range whose end is before its beginning goes round: `fri-mon`.
    """

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file

    ParseException = ParseException

    def __init__(self, max_: int = 60, min_: int = 0, names: dict[str, int] | None = None) -> None:
        self.min_ = min_
        self.max_ = max_ + min_ - 1
        self.names = {**_WEEKDAY_NUMBERS, **_MONTH_NUMBERS} if names is None else names

    def parse(self, spec: str) -> set[int]:
        """The numbers that the expression means."""
        return {number for part in spec.split(",") for number in self._part(part.strip(), spec)}

    def _part(self, part: str, spec: str) -> Iterable[int]:
        if not part:
            raise ParseException(f"empty part in {spec!r}: {_FORMS}")
        numbers, slash, step = part.partition("/")
        if numbers == "*":
            found = list(range(self.min_, self.max_ + 1))
        else:
            first, dash, last = numbers.partition("-")
            if not first:
                raise ParseException(f"negative numbers not supported: {part!r} in {spec!r}")
            if slash and not dash:
                raise ParseException(
                    f"{part!r}: a step needs a range, such as '{first}-{self.max_}/{step}' or '*/{step}'"
                )
            found = self._range(self._number(first, part), self._number(last, part)) if dash else [self._number(first)]
        return found[:: self._step(step, part)] if slash else found

    def _range(self, first: int, last: int) -> list[int]:
        if last < first:
            return [*range(first, self.max_ + 1), *range(self.min_, last + 1)]
        return list(range(first, last + 1))

    def _step(self, text: str, part: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ParseException(f"{part!r}: the step must be a whole number, not {text!r}")
        if int(text) == 0:
            raise ParseException(f"{part!r}: the step cannot be zero")
        return int(text)

    def _number(self, text: str, part: str = "") -> int:
        where = f" in {part!r}" if part and part != text else ""
        if text.isascii() and text.isdigit():
            number = int(text)
        else:
            named = self.names.get(text[:3].lower()) if text.isalpha() else None
            if named is None:
                names = f" or a name such as {', '.join(list(self.names)[:3])}" if self.names else ""
                raise ParseException(f"{text!r}{where} is no number{names}: {_FORMS}")
            number = named
        if not self.min_ <= number <= self.max_:
            raise ParseException(f"{text!r}{where} is out of range: {self.min_} to {self.max_} are valid")
        return number


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five fields of a crontab: its name, its numbers, its names for them."""

    name: str
    count: int
    first: int
    names: dict[str, int]
    hint: str = ""

    def numbers(self, spec: Any) -> set[int]:
        """The numbers that a number, text or iterable of numbers means; raises what says which field is wrong."""
        if isinstance(spec, str):
            try:
                return crontab_parser(self.count, self.first, self.names).parse(spec)
            except ParseException as exc:
                raise ParseException(f"crontab({self.name}={spec!r}): {exc}{self.hint}") from None
        if isinstance(spec, int):
            found = [spec]
        elif isinstance(spec, Iterable) and not isinstance(spec, (bytes, bytearray, dict)):
            found = list(spec)
        else:
            raise TypeError(
                f"crontab({self.name}={spec!r}): must be a number, text or an iterable of numbers, "
                f"not {type(spec).__name__}"
            )
        return {self._checked(number, spec) for number in found} or self._refuse_nothing()

    def _checked(self, number: Any, spec: Any) -> int:
        if not isinstance(number, int):
            raise TypeError(f"crontab({self.name}={spec!r}): {number!r} must be a number, not {type(number).__name__}")
        if not self.first <= number < self.first + self.count:
            raise ValueError(
                f"crontab({self.name}={spec!r}): {number} is out of range: "
                f"{self.first} to {self.first + self.count - 1} are valid{self.hint}"
            )
        return int(number)

    def _refuse_nothing(self) -> set[int]:
        raise ValueError(f"crontab({self.name}=[]): with no number at all it would never be due")


MINUTE: Final = Field("minute", 60, 0, {})
HOUR: Final = Field("hour", 24, 0, {})
DAY_OF_WEEK: Final = Field("day_of_week", 7, 0, _WEEKDAY_NUMBERS, " (0 is Sunday, 6 is Saturday)")
DAY_OF_MONTH: Final = Field("day_of_month", 31, 1, {})
MONTH_OF_YEAR: Final = Field("month_of_year", 12, 1, _MONTH_NUMBERS)


def cronfield(spec: Any) -> Any:
    """The field as it is shown: None is '*'."""
    return "*" if spec is None else spec
