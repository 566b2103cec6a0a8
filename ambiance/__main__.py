"""`python -m ambiance`."""

from ambiance.cli import main

main()
