"""The shortest way to a running controller: what a room waits for after a restart, and so without Typer.

Here too: how every command fails, reads the configuration and logs.
"""

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambiance.errors import AmbianceError, ConfigError, ControllerUnreachable, FileError, Invalid, NotOffered, Unknown, trace

if TYPE_CHECKING:
    from ambiance.config import Config

DEFAULT = Path("config.yaml")
CONFIG = "AMBIANCE_CONFIG"
"""The variable that names the configuration where no option does."""
TURN = 0.001
"""Seconds for which a busy loop may keep the link's thread from saying what waits."""
_WRONG_INPUT = (FileError, ConfigError, Invalid, NotOffered, Unknown)


def main() -> None:
    """The console script."""
    config = plainly(sys.argv[1:])
    if config is not None:
        control(config)
        return
    from ambiance.cli.assembly import app

    app()


def plainly(words: Sequence[str]) -> Path | None:
    """The configuration of a plain `run`, which needs no help, no completion and no correction; None for all else."""
    match words:
        case ["run"]:
            return Path(os.environ.get(CONFIG) or DEFAULT)
        case ["run", "--config", name] if not name.startswith("-"):
            return Path(name)
        case _:
            return None


def control(config: Path) -> None:
    """Run the controller of one site until a signal comes."""
    gc.disable()  # until everything is loaded: what is loaded stays
    sys.setswitchinterval(TURN)
    with explained():
        logs(logging.INFO)
        import asyncio

        from ambiance.app import run

        if asyncio.run(run(load(config))):
            # As the same process and with the same words, so that whoever supervises us sees nothing but a pause.
            os.execv(sys.executable, sys.orig_argv)


@contextmanager
def explained() -> Iterator[None]:
    """Errors as one sentence on stderr and the right exit code, never a trace."""
    try:
        yield
    except _WRONG_INPUT as error:
        _fail(error, 2)
    except AmbianceError as error:
        wrong = getattr(error, "status", 500) in (404, 422) and not isinstance(error, ControllerUnreachable)
        _fail(error, 2 if wrong else 1)
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    except BrokenPipeError:
        raise  # whoever read us has read enough, as `| head` does: Typer ends us without a word
    except OSError as error:
        _fail(error, 1)


def load(path: Path) -> "Config":
    """The configuration, with the environment over it; what is odd about it is said on stderr. Raises ConfigError."""
    from ambiance.config import load_config

    config = load_config(path, os.environ)
    for warning in config.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return config


def logs(level: int) -> None:
    """One line of JSON each on stderr, the libraries' too; nothing about the body, health or identity is ever put into one."""
    structlog = _structlog()
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(_Line())
    logging.basicConfig(level=logging.WARNING, handlers=[theirs])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _placed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Line(logging.Formatter):
    """What a library logs, as one line that nothing in it can break or colour."""

    def format(self, record: logging.LogRecord) -> str:
        said = {"event": record.getMessage()[:1000], "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[1] is not None:
            said["trace"] = trace(record.exc_info[1])
        return json.dumps({**said, "timestamp": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"})


def _placed(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where something failed, without what it held."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["trace"] = trace(error)
    return event


def _structlog() -> Any:
    """structlog, made to believe there is no Rich, which it loads to draw traces: a tenth of the start, and ours are JSON."""
    absent: dict[str, Any] = {} if "rich" in sys.modules else {"rich": None}
    sys.modules.update(absent)
    try:
        import structlog
    finally:
        for name in absent:
            del sys.modules[name]
    return structlog


def _fail(error: Exception, code: int) -> None:
    sys.stderr.write(f"{error}\n")
    raise SystemExit(code) from None
