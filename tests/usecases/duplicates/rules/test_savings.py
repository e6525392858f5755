"""Bytes and money: counted once, never overstated, and a price table that says what is wrong with it."""

from pathlib import Path

import pytest

from saccade.core.errors import InputError
from saccade.usecases.duplicates.rules.savings import (
    EXAMPLE_PRICES,
    Leaving,
    PriceTable,
    Savings,
    add_up,
    parse_prices,
)

TABLE = parse_prices(EXAMPLE_PRICES, "the example")


def leaving(size: int, *, inode: int, links: int = 1, tier: str = "picture", folder: str = "/a") -> Leaving:
    return Leaving(tier=tier, folder=folder, size_bytes=size, identity=(1, inode), links=links)


def saved(*files: Leaving, prices: PriceTable = TABLE) -> Savings:
    return add_up(files, prices)


def test_bytes_are_told_by_tier_and_by_folder() -> None:
    """Tiers in the order given, folders with the most bytes first; both add up to the whole."""
    found = saved(
        leaving(10, inode=1, tier="bytes"),
        leaving(5, inode=2, folder="/b"),
        leaving(30, inode=3, folder="/c"),
    )
    assert (found.files, found.size_bytes) == (3, 45)
    assert [(one.name, one.files, one.size_bytes) for one in found.tiers] == [
        ("bytes", 1, 10), ("picture", 2, 35),
    ]  # fmt: skip
    assert [(one.name, one.size_bytes) for one in found.folders] == [("/c", 30), ("/a", 10), ("/b", 5)]


@pytest.mark.parametrize(("links", "freed"), [(1, 7), (2, 7), (3, 0)])
def test_a_file_with_several_names_frees_its_bytes_with_the_last(links: int, freed: int) -> None:
    """Two of its names leave: once if there are two, not at all if a third stays. (A link count of 1 with
    two names cannot be; then the first name frees the bytes.)
    """
    found = saved(leaving(7, inode=1, links=links), leaving(7, inode=1, links=links))
    assert (found.files, found.size_bytes) == (2, freed)


def test_money_is_per_decimal_gigabyte_a_year_and_once() -> None:
    """Three GB at 0.5 a month are 18 a year; at 2 once they are 6."""
    text = 'currency = "EUR"\n[[price]]\nname = "x"\nper_gb_month = 0.5\nper_gb = 2\n'
    found = saved(leaving(3_000_000_000, inode=1), prices=parse_prices(text, "mine"))
    assert (found.currency, found.source) == ("EUR", "")
    assert [(cost.name, cost.per_year, cost.once) for cost in found.costs] == [("x", 18.0, 6.0)]
    assert found.assumptions


def test_nothing_saves_nothing() -> None:
    """Zero files, zero bytes, zero money."""
    found = saved()
    assert (found.files, found.size_bytes, found.tiers, found.folders) == (0, 0, (), ())
    assert all(cost.per_year == cost.once == 0 for cost in found.costs)


def test_the_example_in_the_docs_is_the_one_in_use() -> None:
    """And says that it is one."""
    assert (Path(__file__).parents[4] / "docs/how-to/prices.toml").read_text() == EXAMPLE_PRICES
    assert "example" in TABLE.source
    assert all(price.per_gb or price.per_gb_month for price in TABLE.prices)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency = ", "is not a price table"),
        ("", "has no currency"),
        ('currency = " "', "has no currency"),
        ("currency = 3", "has no currency"),
        ('currency = "EUR"', "has no [[price]]"),
        ('currency = "EUR"\nprice = 3', "has no [[price]]"),
        ('currency = "EUR"\n[[price]]\nper_gb = 1', "price 1 of mine has no name"),
        ('currency = "EUR"\n[[price]]\nname = "x"\nper_tb = 1', "unknown key 'per_tb'"),
        ('currency = "EUR"\n[[price]]\nname = "x"\nper_gb = "1"', "per_gb of price 1 of mine is '1'"),
        ('currency = "EUR"\n[[price]]\nname = "x"\nper_gb = -1', "must be a number, 0 or more"),
        ('currency = "EUR"\n[[price]]\nname = "x"\nper_gb = nan', "must be a number, 0 or more"),
        ('currency = "EUR"\n[[price]]\nname = "x"\nper_gb = true', "must be a number, 0 or more"),
    ],
)
def test_a_bad_table_says_what_is_wrong(text: str, said: str) -> None:
    """Which price, which word."""
    with pytest.raises(InputError) as caught:
        parse_prices(text, "mine")
    assert said in caught.value.message
    assert "prices.toml" in caught.value.hint
