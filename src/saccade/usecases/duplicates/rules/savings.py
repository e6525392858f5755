"""What removing files saves: bytes by kind and folder, and money by an editable price table."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from saccade.core.errors import InputError

GB = 1_000_000_000
"""Bytes; storage is sold by the decimal gigabyte."""

MONTHS = 12

EXAMPLE_PRICES = """\
# Example prices: replace them with your own. Amounts are in `currency`, per gigabyte of 1,000,000,000 bytes.
# per_gb_month: paid every month for what is stored.  per_gb: paid once, for a disk or a transfer.
currency = "USD"
source = "example: round numbers of the usual size, written from memory in 2026, no quote; put yours here"

[[price]]
name = "object storage"
per_gb_month = 0.023

[[price]]
name = "object storage, low-cost vendor"
per_gb_month = 0.006

[[price]]
name = "hard disk"
per_gb = 0.02

[[price]]
name = "download out of a cloud"
per_gb = 0.09
"""
"""The default price table; the same text as docs/how-to/prices.toml."""

ASSUMPTIONS = (
    "sizes are lengths of files; disk allocation and compression are not counted",
    "a file with several names (hard links) counts once, and only if all its names are moved",
    "bytes are free once the quarantine is emptied; until then they are only put away",
    "monthly prices are for 12 months at constant prices",
)
"""The assumptions behind the numbers of `Savings`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The cost of one gigabyte, per month and once."""

    name: str
    per_gb_month: float
    per_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices in one currency, and where they come from."""

    currency: str
    source: str
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """Files put away of one tier or folder, and the bytes freed.

    Attributes:
        name: a tier or a folder.
    """

    name: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of the bytes at one price: per year, and once."""

    name: str
    per_year: float
    once: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """The savings from putting files away.

    Attributes:
        tiers: by tier, in the order given.   folders: by folder, most bytes first.
        currency, source: of the price table.
        costs: by price.
        assumptions: assumptions behind the numbers, a sentence each.
    """

    files: int
    size_bytes: int
    tiers: tuple[Freed, ...]
    folders: tuple[Freed, ...]
    currency: str
    source: str
    costs: tuple[Cost, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """One moved file.

    Attributes:
        identity: (device, inode): the same for every hard link of a file.   links: names the file has.
    """

    tier: str
    folder: str
    size_bytes: int
    identity: tuple[int, int]
    links: int


def add_up(leaving: Sequence[Leaving], prices: PriceTable) -> Savings:
    """Bytes and money for these files."""
    freed = _freed(leaving)
    total = sum(freed)
    tiers = _grouped((one.tier, size) for one, size in zip(leaving, freed, strict=True))
    folders = _grouped((one.folder, size) for one, size in zip(leaving, freed, strict=True))
    amount = total / GB
    return Savings(
        files=len(leaving),
        size_bytes=total,
        tiers=tiers,
        folders=tuple(sorted(folders, key=lambda one: (-one.size_bytes, -one.files, one.name))),
        currency=prices.currency,
        source=prices.source,
        costs=tuple(
            Cost(
                name=price.name,
                per_year=amount * price.per_gb_month * MONTHS,
                once=amount * price.per_gb,
            )
            for price in prices.prices
        ),
        assumptions=ASSUMPTIONS,
    )


def _freed(leaving: Sequence[Leaving]) -> list[int]:
    """Bytes each file frees: a file with several names frees its bytes with the last of them."""
    left: dict[tuple[int, int], int] = {}
    freed = []
    for one in leaving:
        left[one.identity] = left.get(one.identity, one.links) - 1
        freed.append(one.size_bytes if left[one.identity] == 0 else 0)
    return freed


def _grouped(sizes: Iterable[tuple[str, int]]) -> tuple[Freed, ...]:
    files: dict[str, int] = {}
    total: dict[str, int] = {}
    for name, size in sizes:
        files[name] = files.get(name, 0) + 1
        total[name] = total.get(name, 0) + size
    return tuple(Freed(name=name, files=files[name], size_bytes=total[name]) for name in files)


def parse_prices(text: str, name: str) -> PriceTable:
    """A price table in TOML, like EXAMPLE_PRICES.

    Args:
        name: of the file, for messages.
    Raises:
        InputError: it is not a price table; the message says where.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not a price table: {error}", hint=_HINT) from error
    entries = table.get("price", [])
    currency, source = table.get("currency"), table.get("source", "")
    if not isinstance(currency, str) or not currency.strip() or not isinstance(source, str):
        raise InputError(f'{name} has no currency, such as currency = "EUR"', hint=_HINT)
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{name} has no [[price]]", hint=_HINT)
    return PriceTable(
        currency=currency.strip(),
        source=source,
        prices=tuple(_price(entry, number, name) for number, entry in enumerate(entries, 1)),
    )


def _price(entry: object, number: int, name: str) -> Price:
    where = f"price {number} of {name}"
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise InputError(f"{where} has no name", hint=_HINT)
    unknown = sorted(set(entry) - {"name", "per_gb_month", "per_gb"})
    if unknown:
        raise InputError(f"{where} has an unknown key {unknown[0]!r}", hint=_HINT)
    amounts = {key: _amount(entry.get(key, 0), f"{key} of {where}") for key in ("per_gb_month", "per_gb")}
    return Price(name=entry["name"], **amounts)


def _amount(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        raise InputError(f"{where} is {value!r}; it must be a number, 0 or more", hint=_HINT)
    return float(value)


_HINT = "see the example in docs/how-to/prices.toml"
