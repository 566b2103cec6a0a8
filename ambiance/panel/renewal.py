"""Keeps the house's own certificate from running out while the controller runs."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from ambiance.clock import Clock
from ambiance.errors import AmbianceError
from ambiance.panel.certificates import Certificates
from ambiance.units import Seconds

__all__ = ["Certificates", "keep", "renew"]

LOOKED: Seconds = 12 * 3600.0


def renew(certificates: Certificates, clock: Clock) -> bool:
    """Make the certificate anew where it ends soon. What goes wrong is told, and tried again."""
    log = structlog.get_logger("ambiance")
    try:
        if not certificates.due(clock.now()):
            return False
        shown = certificates.renew(clock.now())
    except (AmbianceError, OSError, ValueError) as error:
        log.error("certificate_not_renewed", reason=str(error))
        return False
    log.info("certificate_renewed", until=shown.until.isoformat(timespec="minutes"))
    return True


async def keep(certificates: Certificates, clock: Clock, show: Callable[[Path], None]) -> None:
    """Look twice a day, for ever; `show` is given what browsers are to be shown from then on."""
    while True:
        await clock.sleep(LOOKED)
        if await asyncio.to_thread(renew, certificates, clock):
            show(certificates.certificate)
