"""Decoders within the limits that are set."""

from saccade.core.settings import Settings
from saccade.core.types import PixelRecipe
from saccade.library.settings import workers
from saccade.sources.pool import GuardedDecoder
from saccade.sources.wire import Limits


def new_decoder(recipe: PixelRecipe, settings: Settings) -> GuardedDecoder:
    """A decoder within the limits that are set."""
    limits = Limits(
        max_bytes=settings.max_file_mb * 1_000_000, max_pixels=settings.max_pixels, wall_s=settings.decode_s
    )
    return GuardedDecoder(recipe, workers=workers(settings), limits=limits)
