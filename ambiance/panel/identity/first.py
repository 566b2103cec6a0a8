"""The one-time link of a house without staff: whoever reads the operator's terminal makes the first account."""

import hmac
from datetime import timedelta

from ambiance.clock import Instant
from ambiance.panel.identity.secrets import digest, fresh

GOOD_FOR = timedelta(minutes=60)


class FirstLink:
    """At most one link at a time, kept in memory as its digest: a new start makes a new one."""

    def __init__(self) -> None:
        self._digest = ""
        self._until: Instant | None = None

    def make(self, now: Instant) -> str:
        """A new secret; the one before is void."""
        secret = fresh()
        self._digest, self._until = digest(secret), now + GOOD_FOR
        return secret

    def good(self, secret: str, now: Instant) -> bool:
        return self._until is not None and now < self._until and hmac.compare_digest(digest(secret), self._digest)

    def spend(self) -> None:
        """The first account is made; the link opens nothing any more."""
        self._digest, self._until = "", None
