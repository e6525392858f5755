"""Two pictures held against each other: keypoints, alignment, comparison, verification."""
