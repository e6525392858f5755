"""Self-contained HTML pages: one file each, no scripts, safe whatever their text says."""
