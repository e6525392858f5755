"""User settings in one typed object: from arguments, the environment and saccade.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from saccade.core.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How saccade uses the machine.

    Attributes:
        threads: batches encoded at the same time, each by one thread; 0 for one on every core.
        workers: decoding processes; 0 for one on every core.
        cache_mb: megabytes of pixels kept in memory while pictures are compared.
        max_pixels: pixels of the largest picture that is decoded.
        max_file_mb: megabytes of the largest picture file that is read.
        decode_s: seconds one picture may take to decode.
        lock_wait_s: seconds a writer waits while another one holds the library.
        idle_s: seconds after which idle decoding processes end.
    """

    threads: int = 0
    workers: int = 0
    cache_mb: int = 128
    max_pixels: int = 250_000_000
    max_file_mb: int = 200
    decode_s: float = 10.0
    lock_wait_s: float = 10.0
    idle_s: float = 60.0

    def __post_init__(self) -> None:
        """Raises InputError on a number out of range."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < 1e15 or (value == 0 and field.name in _ABOVE_ZERO):
                least = "above 0" if field.name in _ABOVE_ZERO else "0 or more"
                raise InputError(f"{field.name} is {value}, out of range", hint=f"it must be {least}")


_ABOVE_ZERO = {"max_pixels", "max_file_mb", "decode_s", "idle_s"}


PREFIX = "SACCADE_"
"""Environment variables are named after settings: SACCADE_THREADS."""


def merged(settings: Settings, given: Mapping[str, object], origin: str) -> Settings:
    """The settings updated with those given; text is parsed as a number.

    Args:
        given: {name: value}.
        origin: where they come from, for messages: "saccade.toml".
    Raises:
        InputError: an unknown name, or a value that is not a number in range.
    """
    kinds = {field.name: field.type for field in fields(Settings)}
    changed: dict[str, int | float] = {}
    for name, value in given.items():
        if name not in kinds:
            raise InputError(
                f"{origin} sets {name!r}, which is not a setting",
                hint=f"settings: {', '.join(sorted(kinds))}",
            )
        changed[name] = _number(name, value, origin, whole=kinds[name] in {int, "int"})
    return replace(settings, **changed)  # type: ignore[arg-type]  # whole numbers are checked by _number


def _number(name: str, value: object, origin: str, *, whole: bool) -> int | float:
    number = _read(value, whole=whole)
    if number is None:
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{origin} sets {name} to {value!r}, not {kind}", hint=f"e.g. {name} = 4")
    if not 0 <= number < 1e15:
        raise InputError(f"{origin} sets {name} to {value}, out of range", hint="it must not be negative")
    return number


def _read(value: object, *, whole: bool) -> int | float | None:
    """The value as a number; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if whole:
        return int(number) if number.is_integer() else None
    return number
