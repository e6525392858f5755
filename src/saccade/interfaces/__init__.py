"""Parse, call the library, format. No rules."""
