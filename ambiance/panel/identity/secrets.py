"""Secrets that are shown or set once and kept only as their SHA-256: cookies, codes, links."""

import secrets
from hashlib import sha256

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U: what is copied by hand comes back as it was."""
CODE = 8
"""Characters of a pairing code: 39 bits, for five minutes."""


def fresh() -> str:
    """192 random bits, six to a character."""
    return secrets.token_urlsafe(24)


def id_of(kind: str) -> str:
    """The id of a row: its kind in one letter, and 64 random bits. It opens nothing."""
    return f"{kind}-{secrets.token_hex(8)}"


def code() -> str:
    """A pairing code, as `K7RM-2XWD`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE))
    return f"{letters[:4]}-{letters[4:]}"


def typed(code: str) -> str:
    """A code as it was meant: capitals, without what people put between."""
    return "".join(c for c in code.upper() if c.isalnum())[:64]


def digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def csrf(secret: str) -> str:
    """The token a page carries to prove that it may read the cookie's answers; nothing of the cookie can be read from it."""
    return sha256(b"csrf\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()[:40]
