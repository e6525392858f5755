"""The system of record: files, images, metadata, embeddings, failures, runs."""

from saccade.catalog.failures import storage_error
from saccade.catalog.opening import open_catalog
from saccade.catalog.sql import SqlCatalog

__all__ = ["SqlCatalog", "open_catalog", "storage_error"]
