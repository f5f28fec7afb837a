"""`python -m recurra`, and what the command `recurra` calls."""

import sys


def main() -> None:
    """Run the command line, also where it is interrupted while it is being imported."""
    try:
        from recurra.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
