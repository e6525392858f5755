"""Searching: find images by text, by picture, or both."""
