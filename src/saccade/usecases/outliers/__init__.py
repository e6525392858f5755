"""Outliers: unusual images, technical flaws, and defects."""
