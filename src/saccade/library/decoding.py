"""Decoding workers within the limits that are set."""

import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from saccade.core.errors import library_closed
from saccade.core.ports.decoders import Decoder
from saccade.core.settings import Settings
from saccade.core.types import PixelRecipe
from saccade.library.settings import workers

if TYPE_CHECKING:
    from saccade.sources.pool import DecoderPool


class Workers:
    """A pool of workers, made with the first decoder: a search by words needs none. Thread-safe.

    Args:
        cores: held while a picture is decoded.
    """

    def __init__(self, settings: Settings, cores: AbstractContextManager[object]) -> None:
        self._settings = settings
        self._cores = cores
        self._lock = threading.Lock()
        self._pool: DecoderPool | None = None
        self._closed = False

    def decoder(self, recipe: PixelRecipe) -> Decoder:
        """A decoder that uses these workers. Raises InputError: they were closed with their library."""
        with self._lock:
            if self._closed:
                raise library_closed()
            if self._pool is None:
                self._pool = _pool(self._settings, self._cores)
            return self._pool.decoder(recipe)

    def close(self) -> None:
        """End the workers at once, busy ones too."""
        with self._lock:
            self._closed = True
            if self._pool is not None:
                self._pool.close()


def _pool(settings: Settings, cores: AbstractContextManager[object]) -> "DecoderPool":
    from saccade.sources.pool import DecoderPool
    from saccade.sources.wire import Limits

    limits = Limits(
        max_bytes=settings.max_file_mb * 1_000_000, max_pixels=settings.max_pixels, wall_s=settings.decode_s
    )
    return DecoderPool(workers=workers(settings), limits=limits, idle_s=settings.idle_s, cores=cores)
