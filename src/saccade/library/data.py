"""Facts about images that people bring along: this part of the facade."""

from saccade.library.parts import LibraryParts


class DataTools(LibraryParts):
    """See `Library`."""
