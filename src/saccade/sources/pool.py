"""Untrusted files to pixels: worker processes shared by decoders of any recipe, outcomes in order."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self
from weakref import finalize

from saccade.core.decoding import DecodeOutcome, DecodeTask, FileEntry
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.crew import Crew
from saccade.sources.exchange import cut_of
from saccade.sources.turns import Stream
from saccade.sources.wire import Limits

_IDLE_S = 60.0
_AHEAD_PER_WORKER = 8
_AHEAD_MOST = 96
"""Enough that workers stay busy while 64 pictures are encoded and recorded; 64 lost 3 % of a run."""
_AHEAD_BYTES = 64 << 20
"""Bytes of encoded pictures, and of pixels, that wait at the same time."""


class DecoderPool:
    """Worker processes that are confined, timed and replaced, shared by any number of decoders.

    Workers start when tasks need them and end when unused for a while; later tasks start them again. Several
    threads may use it at once.

    Args:
        workers: most processes that decode at the same time, at least 1.
        limits: resource limits for one picture.
        idle_s: seconds after which an unused worker ends.
        cores: held while a picture is decoded.
    """

    def __init__(
        self,
        *,
        workers: int,
        limits: Limits | None = None,
        idle_s: float = _IDLE_S,
        cores: AbstractContextManager[object] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        if not idle_s > 0:
            raise ValueError(f"idle_s must be positive, not {idle_s}")
        self._crew = Crew(workers, limits or Limits(), idle_s, cores)
        # The finalizer holds no reference to the pool: a pool that is no longer referenced ends too.
        self._finalize = finalize(self, self._crew.close)

    def decoder(self, recipe: PixelRecipe) -> "RecipeDecoder":
        """A decoder that uses these workers and keeps the pool alive; raises ValueError as it does."""
        return RecipeDecoder(self, recipe)

    @property
    def crew(self) -> Crew:
        """What does the work."""
        return self._crew

    def close(self) -> None:
        """End the workers at once, busy ones too."""
        self._finalize()
        self._crew.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RecipeDecoder:
    """Decodes by one recipe in the workers of a pool; implements `core.ports.decoders.Decoder`.

    Several threads may use it at once. When the pool has more than one thing to do, they take turns picture
    by picture.

    Args:
        pool: closed by its owner, not by this decoder.
        recipe: how pixels are cut.
    Raises:
        ValueError: the recipe gives no picture.
    """

    def __init__(self, pool: DecoderPool, recipe: PixelRecipe) -> None:
        cut_of(recipe)
        self._pool = pool
        self._crew = pool.crew
        self._recipe = recipe
        self._streams: set[Stream] = set()
        self._closed = False

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task, in order. Tasks are taken lazily, a bounded number ahead.

        Stopping early drops the tasks that were not started. Raises UnavailableError if no worker can be
        started.
        """
        source = iter(tasks)
        pending: deque[tuple[DecodeTask, Future[DecodeOutcome]]] = deque()
        fit = _AHEAD_BYTES // (3 * self._recipe.size**2)
        most = max(_AHEAD_PER_WORKER * self._crew.size, min(_AHEAD_MOST, fit))
        held = 0
        exhausted = False
        stream = Stream()
        self._streams.add(stream)
        try:
            while True:
                while not exhausted and len(pending) < most and held < _AHEAD_BYTES:
                    task = next(source, None)
                    if task is None:
                        exhausted = True
                        break
                    self._check_open()
                    held += len(task.data or b"")
                    pending.append((task, self._crew.submit(stream, task, self._recipe)))
                if not pending:
                    return
                task, future = pending[0]
                outcome = _result(future)
                pending.popleft()
                held -= len(task.data or b"")
                yield outcome
        finally:
            self._streams.discard(stream)
            self._crew.drop(stream)

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        """Members of the archive at `entry.path` that may be pictures, as entries, in the archive's order.

        Hidden members and archives in the archive are left out. A broken archive gives the members that
        could be read and then one Failure with the archive's path.
        """
        self._check_open()
        yield from self._crew.list_archive(entry.path)

    def close(self) -> None:
        """Drop its waiting tasks. The workers belong to the pool."""
        self._closed = True
        for stream in list(self._streams):
            self._crew.drop(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the decoder is closed")


class GuardedDecoder(RecipeDecoder):
    """A decoder with its own pool, which ends with it.

    Args:
        recipe: how pixels are cut.
        workers: most processes, at least 1.
        limits: resource limits for one picture.
    """

    def __init__(self, recipe: PixelRecipe, *, workers: int, limits: Limits | None = None) -> None:
        super().__init__(DecoderPool(workers=workers, limits=limits), recipe)

    def close(self) -> None:
        """End the workers at once, busy ones too."""
        super().close()
        self._pool.close()


def _result(future: Future[DecodeOutcome]) -> DecodeOutcome:
    try:
        return future.result()
    except CancelledError:
        raise RuntimeError("the decoder is closed") from None
