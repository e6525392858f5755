"""Clusters: what a library holds, grouped and named, and a map of it."""
