"""Indexing: bring a library up to date with its files, and prove that it is whole."""
