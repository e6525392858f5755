"""Decoders: files to pixels."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from saccade.core.decoding import DecodeOutcome, DecodeTask, FileEntry
from saccade.core.types import Failure, PixelRecipe, Progress

ReportProgress: TypeAlias = Callable[[Progress], None]
"""Called from the working thread, a few times per second at most."""


class Decoder(Protocol):
    """Decodes untrusted files in guarded worker processes. Close it (or use `with`) to end them."""

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task, in order. Tasks are taken lazily, a bounded number ahead."""

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        """Members of an archive that may be pictures, as entries, in the archive's order.

        A broken archive yields what could be listed and then one Failure with the archive's path.
        """

    def close(self) -> None:
        """End the workers."""

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class OpenDecoder(Protocol):
    """Creates decoders for a recipe, from one warm pool of workers."""

    def __call__(self, recipe: PixelRecipe) -> Decoder:
        """A decoder; close it."""
