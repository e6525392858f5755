"""Duplicates: find them, check for them, and put the spare files away."""
