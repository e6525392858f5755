"""Duplicates: this part of the facade."""

from saccade.library.parts import LibraryParts


class DuplicateTools(LibraryParts):
    """See `Library`."""
