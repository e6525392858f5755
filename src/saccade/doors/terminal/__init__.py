"""The terminal: options, progress, errors, pictures, and which library a command works on."""
