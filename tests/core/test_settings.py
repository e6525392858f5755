"""What a person may set: names, numbers, ranges, and who is told of a mistake."""

import math
from dataclasses import fields, replace

import pytest

from saccade.core.errors import InputError
from saccade.core.settings import PREFIX, Settings, merged


def test_every_setting_is_a_number_with_a_default() -> None:
    """And explained where it is defined."""
    for field in fields(Settings):
        assert isinstance(field.default, (int, float))
        assert f"{field.name}: " in (Settings.__doc__ or "")
    assert PREFIX == "SACCADE_"


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"threads": 4}, {"threads": 4}),
        ({"threads": "4", "decode_s": "2.5"}, {"threads": 4, "decode_s": 2.5}),
        ({"threads": 4.0, "workers": " 3 "}, {"threads": 4, "workers": 3}),
        ({"lock_wait_s": 0, "cache_mb": 0}, {"lock_wait_s": 0, "cache_mb": 0}),
    ],
)
def test_what_is_given_takes_its_place(given: dict[str, object], changed: dict[str, float]) -> None:
    """Text is read as the number it stands for; the rest stays as it was."""
    start = Settings(lock_wait_s=1.0)
    made = merged(start, given, "saccade.toml")
    assert made == replace(start, **changed)  # type: ignore[arg-type]
    assert type(made.threads) is type(made.workers) is type(made.cache_mb) is int


@pytest.mark.parametrize(
    "value", ["many", "", "1.5", 1.5, True, None, [1], {"a": 1}, math.nan, "inf", math.inf, -1, "-1", 1e15,
              10**400, "9" * 400],
)  # fmt: skip
def test_a_bad_value_names_setting_and_place(value: object) -> None:
    """One InputError, with what to do."""
    with pytest.raises(InputError, match=r"^saccade\.toml sets threads to ") as caught:
        merged(Settings(), {"threads": value}, "saccade.toml")
    assert caught.value.hint


@pytest.mark.parametrize("value", ["soon", -0.5, math.inf, math.nan, True])
def test_a_time_is_a_number_from_zero(value: object) -> None:
    """Finite."""
    with pytest.raises(InputError, match="the environment sets decode_s to "):
        merged(Settings(), {"decode_s": value}, "the environment")


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    """A spelling mistake is not passed over."""
    with pytest.raises(InputError, match=r"^saccade\.toml sets 'thread', which is not a setting$") as caught:
        merged(Settings(), {"thread": 4}, "saccade.toml")
    assert all(field.name in caught.value.hint for field in fields(Settings))
