"""Nearest-neighbor search over one space; derived from the catalog and rebuildable."""
