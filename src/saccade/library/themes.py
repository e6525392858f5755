"""Themes, and the map of a library: this part of the facade."""

from saccade.library.parts import LibraryParts


class ThemeTools(LibraryParts):
    """See `Library`."""
