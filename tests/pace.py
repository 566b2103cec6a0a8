"""How slow this machine is right now: figures written for one that is not busy are stretched by it, so that they measure us."""

import time

QUIET = 0.017
"""Seconds that one piece of work takes where the figures were measured, with nobody else there."""
WORST = 4.0
"""Beyond that a figure would prove nothing any more."""


def pace() -> float:
    """1 on a quiet machine of that kind, 2 where the same work takes twice as long by the wall's clock, at most `WORST`."""
    began = time.perf_counter()
    pieces = 8
    for _ in range(pieces):
        sum(number * number % 7 for number in range(400_000))
    return min(WORST, max(1.0, (time.perf_counter() - began) / pieces / QUIET))
