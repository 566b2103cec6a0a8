"""The command line of a site: `main` is the console script."""

from ambiance.cli.start import main

__all__ = ["main"]
