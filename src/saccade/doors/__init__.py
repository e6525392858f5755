"""What the doors of all slices share: text formatting, HTML pages, and the terminal."""
