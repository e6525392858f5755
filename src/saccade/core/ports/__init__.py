"""Interfaces between the parts: structural types, so that any class of the right shape fits.

Each specifies shapes, order and errors; `tests/contracts` runs one suite over every implementation.
"""

from saccade.core.ports.catalog import (
    Catalog,
    EmbeddingStore,
    Files,
    Folder,
    Hashes,
    Health,
    Images,
    KnownFile,
    NewImage,
    Notes,
    Runs,
    SeenFile,
    Spaces,
)
from saccade.core.ports.decoders import Decoder, OpenDecoder, ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import Index, IndexStore, IndexSummary, NoIndex

__all__ = [
    "Catalog",
    "Decoder",
    "EmbeddingStore",
    "Encoder",
    "Files",
    "Folder",
    "Hashes",
    "Health",
    "Images",
    "Index",
    "IndexStore",
    "IndexSummary",
    "KnownFile",
    "NewImage",
    "NoIndex",
    "Notes",
    "OpenDecoder",
    "ReportProgress",
    "Runs",
    "SeenFile",
    "Spaces",
]
