"""SQLite: the one place that knows its settings, its full-text search, its files and its errors."""

from saccade.catalog.sqlite.dialect import SQLITE

__all__ = ["SQLITE"]
