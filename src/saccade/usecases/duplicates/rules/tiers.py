"""Tiers by name."""

from collections.abc import Sequence

from saccade.core.errors import InputError
from saccade.usecases.duplicates.rules.reports import Tier

_PAIR = frozenset({Tier.BYTES, Tier.PIXELS, Tier.PICTURE})


def checked_tier(name: Tier | str) -> Tier:
    """A tier by name. Raises InputError."""
    try:
        return Tier(name)
    except ValueError:
        raise InputError(f"unknown tier {name!r}", hint=f"one of: {', '.join(Tier)}") from None


def checked_tiers(names: Sequence[str]) -> frozenset[Tier]:
    """Tiers by name. Raises InputError: an unknown one, or none at all."""
    if not names:
        raise InputError("no tier was given", hint=f"tiers: {', '.join(Tier)}")
    return frozenset(map(checked_tier, names))


def pair_tiers(names: Sequence[str]) -> frozenset[Tier]:
    """Tiers by name that can apply to two single pictures. Raises InputError."""
    found = checked_tiers(names)
    if found - _PAIR:
        raise InputError(
            "bursts and scenes are found in whole libraries only", hint="use: bytes, pixels, picture"
        )
    return found
