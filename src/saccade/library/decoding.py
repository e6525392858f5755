"""Decoding workers within the limits that are set."""

from saccade.core.settings import Settings
from saccade.library.settings import workers
from saccade.sources.pool import DecoderPool
from saccade.sources.wire import Limits


def new_pool(settings: Settings) -> DecoderPool:
    """A pool of workers; they start with the first picture."""
    limits = Limits(
        max_bytes=settings.max_file_mb * 1_000_000, max_pixels=settings.max_pixels, wall_s=settings.decode_s
    )
    return DecoderPool(workers=workers(settings), limits=limits, idle_s=settings.idle_s)
