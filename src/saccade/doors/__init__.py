"""What the doors of all slices share: words and pages for people, the terminal."""
