"""Searching: find images by words, by picture, by both."""
