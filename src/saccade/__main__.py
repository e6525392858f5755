"""`python -m saccade`: the command line."""

from saccade.interfaces.cli import program

if __name__ == "__main__":
    program()
