"""Tags and taught classifiers: this part of the facade."""

from saccade.library.parts import LibraryParts


class TagTools(LibraryParts):
    """See `Library`."""
