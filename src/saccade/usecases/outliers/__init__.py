"""Outliers: images unlike the others, defects, and bad pictures."""
