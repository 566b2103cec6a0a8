"""Waiting after a wrong PIN: longer each time, for the account at that place and for the place, never for staff elsewhere.

Three counts; the first two are forgotten after an hour without a failure, the third loses one failure each five minutes:

- an account from one place: free for 5 failures, then 30 s, doubling up to 15 min
- one place, whichever accounts it tries: free for 10, then the same
- an account from all strange places together: free for 25, then the same; places where that person signed in before and
  paired desks are not strange, so that no guest, and no number of guests, keeps staff out of their own screens

One place alone never reaches the third limit: its own waits leave it some thirteen failures in the first hour and four in
each that follows.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ambiance.panel.refusals import TooManyTries
from ambiance.units import Seconds

FIRST: Seconds = 30.0
MOST: Seconds = 900.0
FORGOTTEN: Seconds = 3600.0
LEAK: Seconds = 300.0
FREE = {"account-place": 5, "place": 10, "account": 25}
REMEMBERED = 20_000

Mark = tuple[str, str, str]


@dataclass(slots=True)
class _Count:
    failures: float = 0.0
    last: Seconds = 0.0
    until: Seconds = 0.0


class Delays:
    """Counts in memory: a restart forgives, and only whoever owns the machine can restart it."""

    def __init__(self, monotonic: Callable[[], Seconds]) -> None:
        self._monotonic = monotonic
        self._counts: OrderedDict[Mark, _Count] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def allow(self, account: str, place: str, trusted: bool) -> None:
        """Raises TooManyTries, which says how long to wait; the same for an account that does not exist.

        An attempt that is allowed counts as failed until `forgive`: attempts that run side by side are all counted.
        """
        now = self._monotonic()
        marks = self._marks(account, place, trusted)
        wait = max((count.until - now for mark in marks if (count := self._counts.get(mark)) is not None), default=0.0)
        if wait > 0:
            raise TooManyTries(wait)
        for mark in marks:
            self._fail(mark, now)

    def forgive(self, account: str, place: str, trusted: bool) -> None:
        """The PIN was right: that person is known at this place from now on."""
        for mark in self._marks(account, place, trusted):
            if mark[0] == "account-place":
                self._counts.pop(mark, None)
            elif (count := self._counts.get(mark)) is not None:  # a right PIN of one's own buys no guesses at others
                count.failures = max(0.0, count.failures - 1)
                count.until = 0.0
        self._known[account, place] = None
        self._known.move_to_end((account, place))
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _marks(self, account: str, place: str, trusted: bool) -> list[Mark]:
        marks: list[Mark] = [("account-place", account, place), ("place", "", place)]
        if not trusted and (account, place) not in self._known:
            marks.append(("account", account, ""))
        return marks

    def _fail(self, mark: Mark, now: Seconds) -> None:
        count = self._counts.get(mark)
        if count is None or now - max(count.last, count.until) > FORGOTTEN:
            count = self._counts[mark] = _Count()
        elif mark[0] == "account":
            count.failures = max(0.0, count.failures - (now - count.last) / LEAK)
        self._counts.move_to_end(mark)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        count.failures += 1
        count.last = now
        over = count.failures - FREE[mark[0]]
        if over >= 0:
            count.until = now + min(MOST, FIRST * 2.0 ** min(over, 10))
