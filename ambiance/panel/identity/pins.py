"""PINs of people: what may be one, and how they are kept so that whoever steals the file still has to guess slowly.

argon2id with the second recommended parameters of RFC 9106 (64 MiB, three passes): about a tenth of a second each.
"""

import re
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ambiance.errors import Invalid

SHORTEST, LONGEST = 6, 64
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_STAIRS = "01234567890123456789"


class Pins:
    """Hashes and compares PINs. `hasher` may be a cheaper one in tests."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = lru_cache(1)(lambda: self._hasher.hash(secrets.token_hex(8)))

    def hash(self, pin: str, name: str = "") -> str:
        """What is kept of a PIN. Raises Invalid for one that is too short or among the first anybody tries."""
        acceptable(pin, name)
        return self._hasher.hash(pin)

    def fits(self, kept: str | None, pin: str) -> bool:
        """Whether it is this person's PIN; takes as long for nobody (None) as for somebody."""
        try:
            return self._hasher.verify(kept or self._nobody(), pin[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def acceptable(pin: str, name: str = "") -> None:
    """Raises Invalid; the PIN itself is never repeated."""
    wanted = f"{SHORTEST} to {LONGEST} digits or characters"
    if not SHORTEST <= len(pin) <= LONGEST or not pin.isprintable():
        raise Invalid(("pin", f"{len(pin)} characters", wanted))
    simple = len(set(pin)) < 3 or (_DIGITS.fullmatch(pin) and (pin in _STAIRS or pin[::-1] in _STAIRS or pin[:3] == pin[3:]))
    if simple or pin.casefold() == name.casefold():
        raise Invalid(("pin", "one of the first that anybody tries", f"{wanted} that are neither a row, a repetition nor the name"))
