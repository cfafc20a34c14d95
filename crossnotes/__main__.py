"""`python -m crossnotes`, and the command `crossnotes`."""

import sys

from crossnotes.cli import main
from crossnotes.extras import needed


def run() -> None:
    """The command line. What needs a package of an extra says so where that is not installed."""
    try:
        main(prog_name="crossnotes")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "crossnotes":
            raise
        print(f"Error: {needed(error)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    run()
