"""Tags: labels by hand, from words alone, and from a few examples."""
