"""The command line: run a controller, look ahead, and tell a running one what to do.

Everything prints JSON with `--json`; errors go to stderr. Exit 2: what was typed is wrong; 1: it could not be done.
"""

import typer

from ambiance.cli import access, ahead, finding, fitting, music, records, running, verbs

app = typer.Typer(name="ambiance", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for _part in (running, ahead, verbs, records, access, fitting, finding, music):
    app.add_typer(_part.app)
