"""All that is known of who may come in, in one place; asked by the doors, changed by people and by the command line."""

import time
from collections import OrderedDict
from collections.abc import Callable

from ambiance.clock import Instant
from ambiance.errors import StoreUnavailable
from ambiance.panel.identity.audit import Audit
from ambiance.panel.identity.caller import Caller
from ambiance.panel.identity.delays import Delays
from ambiance.panel.identity.first import FirstLink
from ambiance.panel.identity.people import People
from ambiance.panel.identity.pins import Pins
from ambiance.panel.identity.screens import Screens
from ambiance.panel.identity.secrets import digest
from ambiance.panel.identity.signins import Signins
from ambiance.session.sql import SqlStore
from ambiance.units import Seconds

FRESH: Seconds = 1.0
"""What was revoked from outside this process is good for at most this much longer."""
_REMEMBERED = 2048


class Identity:
    """People, their sign-ins and screens, the delays and the log. `store` need not be loaded; the constructor opens nothing."""

    def __init__(self, store: SqlStore, pins: Pins | None = None, monotonic: Callable[[], Seconds] = time.monotonic) -> None:
        engine, site = self.engine, self.site = store.engine, store.site
        self.audit = Audit(engine, site)
        self.people = People(engine, site, self.audit, pins or Pins())
        self.signins = Signins(engine, site)
        self.screens = Screens(engine, site, self.audit)
        self.delays = Delays(monotonic)
        self.first = FirstLink()
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[Caller, Seconds]] = OrderedDict()

    def recall(self, secret: str) -> Caller | None:
        """Whose cookie this is, if that was looked up within the last second; never blocks."""
        known = self._known.get(digest(secret))
        return known[0] if known is not None and self._monotonic() - known[1] < FRESH else None

    def person(self, secret: str, now: Instant) -> Caller | None:
        """Who signed in with this cookie; may block. While the store cannot be asked whoever it was last goes on."""
        return self._keep(secret, lambda: (self.signins.check(secret, now), None))[0]

    def screen(self, secret: str, now: Instant) -> tuple[Caller | None, str | None]:
        """Which screen this is, and the new secret of its cookie where one is due; as `person`."""
        return self._keep(secret, lambda: self.screens.check(secret, now) or (None, None))

    def forget(self) -> None:
        """Something was revoked or changed: ask the store again."""
        self._known.clear()

    def standing(self, now: Instant) -> frozenset[str]:
        """The ids of all sign-ins and screens that are still good. May block. Raises StoreUnavailable."""
        return self.signins.standing(now) | self.screens.standing(now)

    def _keep(self, secret: str, ask: Callable[[], tuple[Caller | None, str | None]]) -> tuple[Caller | None, str | None]:
        held = digest(secret)
        try:
            caller, renewed = ask()
        except StoreUnavailable:
            known = self._known.get(held)
            if known is None:
                raise
            return known[0], None
        if caller is None:
            self._known.pop(held, None)
            return None, None
        self._known[held] = (caller, self._monotonic())
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return caller, renewed
