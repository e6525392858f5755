"""Recommendation and feedback: this part of the facade."""

from saccade.library.parts import LibraryParts


class TasteTools(LibraryParts):
    """See `Library`."""
