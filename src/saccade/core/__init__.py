"""Rules on arrays and values: no files, clock, network, logging or globals."""
