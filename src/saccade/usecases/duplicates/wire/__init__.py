"""The typed answers."""
