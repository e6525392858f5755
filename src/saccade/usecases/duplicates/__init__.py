"""Duplicates: find them, check for them, and put spare files away."""
