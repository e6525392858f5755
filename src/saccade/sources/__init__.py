"""Images in: walk, sniff, decode in guarded workers, read metadata."""
