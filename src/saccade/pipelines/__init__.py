"""Use-cases: index, search, doctor. They know the ports of core, and no adapter."""
