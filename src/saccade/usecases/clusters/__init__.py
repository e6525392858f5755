"""Clusters: a library's images in named groups, and a map of them."""
