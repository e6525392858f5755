"""Records rewritten files in the catalog, some hundred at a time."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from saccade.engine.context import LibraryContext
from saccade.engine.record import record_changed
from saccade.usecases.tags.flow.manifest import Change, Manifest

_AT_ONCE = 256
"""Files recorded together: their pictures are in memory at the same time."""


class Recorder:
    """Collects changed files and records them in batches; what is left is recorded when the block ends."""

    def __init__(self, context: LibraryContext, manifest: Manifest, doing: str) -> None:
        self._context = context
        self._manifest = manifest
        self._doing = doing
        self._changes: dict[str, Change] = {}

    def add(self, names: Sequence[str], change: Change) -> None:
        """A file that has changed, by the names the library has for it."""
        self._changes |= dict.fromkeys(names, change)
        if len(self._changes) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Record what was collected."""
        changes, self._changes = self._changes, {}
        known = self._context.catalog.images.by_ids(list({one.old for one in changes.values()}))
        files = {name: known[one.old][0] for name, one in changes.items() if known.get(one.old)}
        if files:
            done = record_changed(self._context, files, self._doing)
            self._manifest.recorded(list({changes[name]: None for name in files if name in done}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
