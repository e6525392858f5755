"""Tiers by name."""

from collections.abc import Sequence

from saccade.core.errors import InputError
from saccade.usecases.duplicates.rules.reports import Tier

_PAIR = frozenset({Tier.BYTES, Tier.PIXELS, Tier.PICTURE})


def checked_tier(name: Tier | str) -> Tier:
    """The tier of that name. Raises InputError."""
    try:
        return Tier(name)
    except ValueError:
        raise InputError(f"no tier is called {name!r}", hint=f"one of: {', '.join(Tier)}") from None


def checked_tiers(names: Sequence[str]) -> frozenset[Tier]:
    """The tiers of these names. Raises InputError: an unknown one, or none at all."""
    if not names:
        raise InputError("no tier was asked for", hint=f"tiers: {', '.join(Tier)}")
    return frozenset(map(checked_tier, names))


def pair_tiers(names: Sequence[str]) -> frozenset[Tier]:
    """The tiers of these names, of those that two pictures alone can be in. Raises InputError."""
    found = checked_tiers(names)
    if found - _PAIR:
        raise InputError(
            "bursts and scenes are found in whole libraries only", hint="ask for: bytes, pixels, picture"
        )
    return found
