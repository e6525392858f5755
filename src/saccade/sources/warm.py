"""Decoders that stay warm: their workers are kept for a while, so that the next picture starts at once."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from saccade.core.ports import Decoder
from saccade.core.types import DecodeOutcome, DecodeTask, Failure, FileEntry, PixelRecipe

_MOST_IDLE = 2
"""Decoders kept idle: a query's and a thumbnail's recipe, or an encoder's and a verifier's."""


class WarmDecoders:
    """Makes decoders by a recipe, and keeps the last ones used.

    Each decoder has one user at a time; the others get a new one. Thread-safe.

    Args:
        make: starts a decoder.
        idle_s: seconds after which one that nobody uses is closed; 0 keeps none.
    """

    def __init__(self, make: Callable[[PixelRecipe], Decoder], *, idle_s: float) -> None:
        self._make = make
        self._idle_s = idle_s
        self._idle: list[_Idle] = []
        self._lock = threading.Lock()
        self._closed = False

    def open(self, recipe: PixelRecipe) -> Decoder:
        """A decoder; closing it gives it back."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the library is closed")
            found = next((one for one in self._idle if one.recipe == recipe), None)
            if found is not None:
                self._idle.remove(found)
                found.timer.cancel()
        decoder = self._make(recipe) if found is None else found.decoder
        return _Lent(decoder, partial(self._take_back, recipe))

    def close(self) -> None:
        """End every idle decoder; one in use ends when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.timer.cancel()
            one.decoder.close()

    def _take_back(self, recipe: PixelRecipe, decoder: Decoder) -> None:
        """Keep it, in place of the longest idle one if there are too many."""
        if self._idle_s <= 0:
            decoder.close()
            return
        one = _Idle(recipe, decoder)
        one.timer = threading.Timer(self._idle_s, self._expire, [one])
        one.timer.daemon = True
        spare = None
        with self._lock:
            if self._closed:
                spare = one
            else:
                self._idle.append(one)
                one.timer.start()
                spare = self._idle.pop(0) if len(self._idle) > _MOST_IDLE else None
        if spare is not None:
            spare.timer.cancel()
            spare.decoder.close()

    def _expire(self, one: "_Idle") -> None:
        with self._lock:
            if one not in self._idle:
                return  # taken a moment ago
            self._idle.remove(one)
        one.decoder.close()


@dataclass(slots=True, eq=False)
class _Idle:
    """A decoder that nobody uses, and the timer that will close it."""

    recipe: PixelRecipe
    decoder: Decoder
    timer: threading.Timer = field(init=False)


class _Lent:
    """A decoder in use; closing it gives it back."""

    def __init__(self, decoder: Decoder, give_back: Callable[[Decoder], None]) -> None:
        self._give_back = give_back
        self._decoder: Decoder | None = decoder

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task, in order; see `Decoder`."""
        return self._open().decode(tasks)

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        """Members of an archive that may be pictures; see `Decoder`."""
        return self._open().list_archive(entry)

    def close(self) -> None:
        """Give it back. Once is enough; more does no harm."""
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            self._give_back(decoder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        decoder = self._decoder
        if kind is None or decoder is None:
            self.close()
        else:  # it may be in the middle of something
            self._decoder = None
            decoder.close()

    def _open(self) -> Decoder:
        if self._decoder is None:
            raise RuntimeError("the decoder is closed")
        return self._decoder
