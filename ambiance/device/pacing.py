"""Radio manners: devices that share a radio or a bus are told one after another, and of what waits for one the newest counts.

Off and emergencies go first, then rooms take turns. Devices of one group that wait for the same go out as one message.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ambiance.clock import Alarm, Clock
from ambiance.cuesheet.wanted import Wanted
from ambiance.device.message import Message
from ambiance.units import Seconds

TOGETHER: Seconds = 0.05
"""How long one of a group waits for the others: what moves a whole role is said within one turn."""

Key = tuple[str, str]
"""A room and a device in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A radio or bus that many share: `pace` is the time between two messages on it."""

    name: str
    pace: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Devices one message can move. `compose` makes that message for what they all should be."""

    name: str
    members: frozenset[Key]
    compose: Callable[[Wanted], tuple[Message, ...]]


@dataclass(slots=True)
class Letter:
    """All that is to be said to one device, in order. `went` is called when the last of it is out."""

    messages: deque[Message]
    urgent: bool = False
    went: Callable[[], None] = lambda: None
    wanted: Wanted | None = None
    group: Group | None = None
    since: Seconds = 0.0
    begun: bool = False


@dataclass(slots=True)
class _Queue:
    line: Line
    letters: dict[Key, Letter] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    """When each room had its last turn, counted in messages."""
    turns: int = 0
    free_at: Seconds = 0.0
    alarm: Alarm | None = None
    alarm_at: Seconds = 0.0


class Pacing:
    """Letters wait here for their line; those without one go out at once. Lives on the loop."""

    def __init__(self, clock: Clock, publish: Callable[[Message], object]) -> None:
        self._clock, self._publish = clock, publish
        self._queues: dict[str, _Queue] = {}
        self._where: dict[Key, _Queue] = {}

    def post(self, line: Line | None, key: Key, letter: Letter) -> None:
        """Say this to a device; what still waited for it is not said any more."""
        if line is None:
            self._say_all(letter)
            return
        queue = self._queues.setdefault(line.name, _Queue(line))
        letter.since = self._clock.monotonic()
        queue.letters[key] = letter
        self._where[key] = queue
        self._turn(queue)

    def waiting(self, key: Key) -> bool:
        """Whether something has not gone out to a device yet."""
        queue = self._where.get(key)
        return queue is not None and key in queue.letters

    def forget(self, key: Key) -> None:
        """What waits for this device is not said any more."""
        if self.waiting(key):
            del self._where[key].letters[key]

    def clear(self) -> None:
        """The way is gone: nothing that waits is said."""
        for queue in self._queues.values():
            queue.letters.clear()
            if queue.alarm is not None:
                queue.alarm.cancel()
                queue.alarm = None

    def _turn(self, queue: _Queue) -> None:
        """Say what may be said now, and come back for the rest."""
        now = self._clock.monotonic()
        while queue.letters and queue.free_at <= now + 1e-9:
            key = self._next(queue, now)
            if key is None:
                break
            self._say_one(queue, key)
            queue.free_at = max(queue.free_at, now) + queue.line.pace if queue.line.pace else now
        if queue.letters:
            due = min(self._ripe(queue, key, letter, now) for key, letter in queue.letters.items())
            self._arm(queue, max(due, queue.free_at), now)

    def _arm(self, queue: _Queue, at: Seconds, now: Seconds) -> None:
        if queue.alarm is not None:
            if queue.alarm_at <= at + 1e-9:
                return
            queue.alarm.cancel()

        def ring() -> None:
            queue.alarm = None
            self._turn(queue)

        queue.alarm_at = at
        queue.alarm = self._clock.call_at(self._clock.now() + timedelta(seconds=max(0.0, at - now)), ring)

    def _next(self, queue: _Queue, now: Seconds) -> Key | None:
        """Whose turn it is: urgent ones as they came, then whoever was begun, then the room that has waited longest."""
        ripe = [key for key, letter in queue.letters.items() if self._ripe(queue, key, letter, now) <= now + 1e-9]
        if not ripe:
            return None
        letters = queue.letters
        return min(ripe, key=lambda key: (not letters[key].urgent, not letters[key].begun, queue.served.get(key[0], -1)))

    def _ripe(self, queue: _Queue, key: Key, letter: Letter, now: Seconds) -> Seconds:
        """When a letter may go: one of a group waits a moment for the others."""
        if letter.group is None or letter.begun or self._whole(queue.letters, letter) is not None:
            return now
        return letter.since + TOGETHER

    def _whole(self, letters: Mapping[Key, Letter], letter: Letter) -> list[Letter] | None:
        """The letters of the whole group, where all of it waits for the same."""
        if letter.group is None:
            return None
        found = [letters.get(key) for key in sorted(letter.group.members)]
        same = [each for each in found if each is not None and not each.begun and each.wanted == letter.wanted]
        return same if len(same) == len(found) else None

    def _say_one(self, queue: _Queue, key: Key) -> None:
        letter = queue.letters[key]
        if letter.group is not None and not letter.begun and letter.wanted is not None:
            together = self._whole(queue.letters, letter)
            if together is not None:
                key, letter = self._join(queue, key, letter, together)
        letter.begun = True
        message = letter.messages.popleft()
        queue.turns += 1
        queue.served[key[0]] = queue.turns
        if not letter.messages:
            del queue.letters[key]
        self._publish(message)
        if not letter.messages:
            letter.went()

    def _join(self, queue: _Queue, key: Key, letter: Letter, together: list[Letter]) -> tuple[Key, Letter]:
        """One letter in place of those of a whole group."""
        assert letter.group is not None and letter.wanted is not None
        for member in letter.group.members:
            del queue.letters[member]

        def went() -> None:
            for each in together:
                each.went()

        one = Letter(deque(letter.group.compose(letter.wanted)), any(each.urgent for each in together), went)
        whole = (key[0], f"group {letter.group.name}")
        queue.letters[whole] = one
        return whole, one

    def _say_all(self, letter: Letter) -> None:
        while letter.messages:
            self._publish(letter.messages.popleft())
        letter.went()
