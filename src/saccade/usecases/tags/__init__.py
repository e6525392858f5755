"""Tags: labels by hand, by words alone, and from a few examples."""
