"""Reads price tables: a TOML file, or the example."""

import os

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.pictures import Path
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, PriceTable, parse_prices


def price_table(prices: Path | PriceTable | None) -> PriceTable:
    """The price table from a TOML file, as given, or the example; see docs/how-to/prices.toml.

    Raises:
        PathNotFoundError: no such file.   InputError: it is not a price table; the message says where.
    """
    if prices is None:
        return parse_prices(EXAMPLE_PRICES, "the example")
    if isinstance(prices, PriceTable):
        return prices
    name = os.fspath(prices)
    try:
        with open(name, encoding="utf-8") as file:
            return parse_prices(file.read(), name)
    except FileNotFoundError:
        raise PathNotFoundError(f"no such price table: {name}", hint="see docs/how-to/prices.toml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the price table {name} cannot be read: {error}") from error
