"""Outliers and quality issues: this part of the facade."""

from saccade.library.parts import LibraryParts


class OutlierTools(LibraryParts):
    """See `Library`."""
