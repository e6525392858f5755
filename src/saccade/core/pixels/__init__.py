"""Compares two pictures: keypoints, alignment, comparison, verification."""
