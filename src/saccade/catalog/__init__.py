"""The system of record: files, images, metadata, embeddings, failures, runs."""

from saccade.catalog.opening import open_catalog
from saccade.catalog.sql import SqlCatalog
from saccade.catalog.sqlite import storage_error

__all__ = ["SqlCatalog", "open_catalog", "storage_error"]
