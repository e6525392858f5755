"""`python -m saccade`: the command line."""

import sys

from saccade.interfaces.cli import main

if __name__ == "__main__":
    sys.exit(main())
