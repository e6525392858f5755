"""Nearest-neighbor search over one space; derived from the catalog and rebuildable.

`IndexFiles` manages the files of every space's index; it opens a `saccade.core.ports.indexes.Retriever`.
faiss is imported when an index that needs it is opened or built, never before.
"""

from saccade.indexes.files import IndexFiles

__all__ = ["IndexFiles"]
