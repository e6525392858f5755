"""Images in: walk, sniff, decode in guarded workers, read metadata.

Import from the modules: `walk.walk`, `walk.read_list`, `pool.GuardedDecoder`, `wire.Limits`. This file stays
empty because the workers import it too and must start quickly.
"""
