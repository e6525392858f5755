"""`open_library`: the one place that picks concrete parts, and the public facade."""
