"""What waits on either side of the wire, how much may be under way at once, and what has passed."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

from ambiance.device.message import Message
from ambiance.units import Seconds

WIDEST, SLOWEST, FIRST = 1000, 16, 64
"""Unacknowledged messages at most; while acknowledgements are slow; and before the first has come."""
SLOW: Seconds = 0.5
BATCH = 50
"""Items the loop takes in one turn, so that web requests are served in between."""

T = TypeVar("T")


@dataclass(slots=True)
class Counters:
    """What passed since the link was made.

    `merged`: replaced by something newer before it was sent; `dropped`: never sent; `denied`: the broker refused it;
    `unheard`: acknowledged, and nobody listens there (MQTT 5 says so); `refused`: came in and was not taken (too large, no proper
    topic, or too much at once).
    """

    sent: int = 0
    acked: int = 0
    merged: int = 0
    dropped: int = 0
    denied: int = 0
    unheard: int = 0
    received: int = 0
    refused: int = 0


class Outbox:
    """Messages waiting to be sent, filled by the loop, emptied by the connection's thread.

    A newer message takes the place of an older one on its topic, unless they are to be kept. Full, it lets go of the
    oldest. It belongs to one connection and dies with it.
    """

    def __init__(self, limit: int, counters: Counters) -> None:
        self._limit, self._counters = limit, counters
        self._waiting: dict[str | int, Message] = {}
        self._lock = Lock()
        self._kept = 0
        self._kept_on: dict[str, int] = {}
        """How many that are to be kept wait on a topic."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message) -> bool:
        """True if nothing was waiting before: somebody has to be woken."""
        key: str | int = message.topic
        with self._lock:
            idle = not self._waiting
            if message.keep:
                self._kept += 1
                key = self._kept
                self._kept_on[message.topic] = self._kept_on.get(message.topic, 0) + 1
            if key in self._waiting:
                self._counters.merged += 1
                if message.topic in self._kept_on:
                    # What was said after the older one still comes before the newer.
                    del self._waiting[key]
            elif len(self._waiting) >= self._limit:
                self._let_go(next(iter(self._waiting)))
                self._counters.dropped += 1
            self._waiting[key] = message
        return idle

    def take(self, most: int) -> Sequence[Message]:
        """The oldest `most` messages."""
        if not self._waiting or most <= 0:
            return ()
        with self._lock:
            return [self._let_go(key) for key in list(islice(self._waiting, most))]

    def _let_go(self, key: str | int) -> Message:
        message = self._waiting.pop(key)
        if message.keep:
            left = self._kept_on[message.topic] - 1
            if left:
                self._kept_on[message.topic] = left
            else:
                del self._kept_on[message.topic]
        return message


class Inbox(Generic[T]):
    """Hands over from the connection's thread to the loop: one wake-up however many items, in order, in small turns.

    `put` says what it had to let go of: over `limit`, the oldest item that `may_go`.
    """

    def __init__(self, limit: int, may_go: type[T], loop: asyncio.AbstractEventLoop, deliver: Callable[[T], None]) -> None:
        self._limit, self._may_go, self._loop, self._deliver = limit, may_go, loop, deliver
        self._items: deque[T] = deque()
        self._lock = Lock()
        self._waking = False

    def put(self, item: T) -> T | None:
        gone: T | None = None
        with self._lock:
            if len(self._items) >= self._limit and isinstance(self._items[0], self._may_go):
                gone = self._items.popleft()
            self._items.append(item)
            asleep, self._waking = not self._waking, True
        if asleep:
            # A closed loop has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._turn)
        return gone

    def _turn(self) -> None:
        for _ in range(BATCH):
            with self._lock:
                if not self._items:
                    self._waking = False
                    return
                item = self._items.popleft()
            try:
                self._deliver(item)
            except Exception as error:
                self._loop.call_exception_handler({"message": "what the broker sent could not be handled", "exception": error})
        self._loop.call_soon(self._turn)


class Window:
    """How many messages may be unacknowledged: many where the broker is quick, few where it is slow.

    What is not under way waits in the outbox, where the newest wins; on a line of 2 kB/s that is the difference between
    a light that is seconds and one that is minutes late. `widest` is also the broker's own limit (MQTT 5 Receive Maximum).
    """

    def __init__(self, now: Callable[[], Seconds]) -> None:
        self.widest = WIDEST
        self._now = now
        self._size = FIRST
        self._owed: dict[int, Seconds] = {}
        self._heard: Seconds = 0.0

    def __len__(self) -> int:
        return len(self._owed)

    def room(self) -> int:
        return min(self._size, self.widest) - len(self._owed)

    def sent(self, number: int) -> None:
        self._owed[number] = self._now()

    def acknowledged(self, number: int) -> bool:
        """False if nothing of that number was under way."""
        if self._owed.pop(number, None) is None:
            return False
        self._heard = self._now()
        self._size = min(self._size + 1, self.widest)
        return True

    def quiet(self) -> Seconds:
        """How long acknowledgements have been owed without one coming."""
        if not self._owed:
            return 0.0
        quiet = self._now() - max(self._heard, next(iter(self._owed.values())))
        if quiet > SLOW:
            self._size = SLOWEST
        return quiet
