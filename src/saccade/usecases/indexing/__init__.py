"""Indexing: bring a library up to date with its files, and check that it is intact."""
