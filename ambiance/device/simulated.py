"""A simulated device: a twin with a voice, well behaved unless its faults are switched on. The native one is here too."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from secrets import token_hex
from typing import Any

from ambiance.clock import Alarm, Clock
from ambiance.cuesheet.fades import LSTAR_RATE
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, Wanted
from ambiance.device.dialects.dialect import Garbled, Pair
from ambiance.device.dialects.native import read_set
from ambiance.device.message import Incoming, Message
from ambiance.device.topics import Topics
from ambiance.device.twin import twin_of, watts
from ambiance.site import Device
from ambiance.units import Percent, Seconds, lstar

ALONE: Seconds = 60.0
"""How long a device waits for a controller that is gone before it goes to its safe state."""


@dataclass(slots=True)
class Faults:
    """What can be wrong with a simulated device; all may be switched while it runs."""

    late: Seconds = 0.0
    """Its reports come this much later."""
    answers: bool = True
    """False: it does as it is told, and never says so."""
    deaf: bool = False
    """True: it hears nothing."""
    clips: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Per key of a set payload, the least and the most it really does."""


class Simulated(ABC):
    """One device on a network it is given as `publish`, whatever its dialect."""

    def __init__(self, device: Device, clock: Clock, publish: Callable[[Message], None]) -> None:
        self.device, self.faults = device, Faults()
        self.online = True
        self.refused = 0
        """How much it was told that it could not make sense of."""
        self._clock, self._publish = clock, publish

    @property
    @abstractmethod
    def will(self) -> Message:
        """What the broker is to say when this device, or the bridge it hangs on, is gone."""

    @property
    @abstractmethod
    def birth(self) -> Message: ...

    @property
    @abstractmethod
    def listens(self) -> tuple[str, ...]:
        """The topics it listens on; they may have wildcards."""

    @abstractmethod
    def start(self) -> None:
        """Say that it is there, and what it is."""

    @abstractmethod
    def take(self, incoming: Incoming) -> None:
        """Something arrived on one of its topics."""

    @abstractmethod
    def actual(self) -> dict[str, Any]:
        """What it truly is at this moment, whatever it reports, in the keys of a native state payload."""

    @abstractmethod
    def keeps_time(self, keeps: bool) -> None:
        """Whether its own timer works; a diffuser whose timer is broken never ends its run."""

    @abstractmethod
    def reboot(self) -> None:
        """It restarts, forgets what it was told, and is as when first switched on."""

    @abstractmethod
    def touch(self, wanted: Wanted) -> None:
        """Somebody sets it by hand, at the wall or with another app."""

    @abstractmethod
    def press(self, press: str = "single", button: int = 1) -> None:
        """Somebody presses a key of this button."""

    def connect(self, publish: Callable[[Message], None]) -> None:
        """From now on it speaks here."""
        self._publish = publish

    def leave(self) -> None:
        """Say what its broker would say for it, and go."""
        self._publish(self.will)

    def go_offline(self) -> None:
        """It loses its network; its broker says so. What it was doing goes on."""
        self.online = False
        self._publish(self.will)

    def come_back(self) -> None:
        """Its network is back."""
        self.online = True
        self.start()

    def flap(self, times: int, every: Seconds = 2.0) -> None:
        """It loses its network for half of `every` seconds, `times` over."""
        if times <= 0:
            return
        self.go_offline()
        self._in(every / 2, self.come_back)
        self._in(every, lambda: self.flap(times - 1, every))

    def controller_lost(self) -> None:
        """The controller says it is gone, or the broker cannot be reached. Most devices know of no controller."""
        return

    def controller_back(self) -> None:
        return

    def _in(self, seconds: Seconds, do: Callable[[], None]) -> Alarm:
        return self._clock.call_at(self._clock.now() + timedelta(seconds=seconds), do)


class SimulatedDevice(Simulated):
    """One native device on a network it is given as `publish`.

    It ignores a lower (epoch, version), answers an equal one without starting again, ignores retained commands, reports
    at once, every `report_every` seconds of a fade (0: not) and at its end. `safe` is the output (%) of a lamp at which
    the room has its 30 lx; None for lamps that stay as they are when the controller is gone.
    """

    def __init__(
        self,
        device: Device,
        topics: Topics,
        clock: Clock,
        publish: Callable[[Message], None],
        safe: Percent | None = None,
        report_every: Seconds = 5.0,
    ) -> None:
        super().__init__(device, clock, publish)
        self.boot = token_hex(4)
        self.pair: Pair | None = None
        self._twin = twin_of(device)
        self._safe, self._every = safe, report_every
        self._set, self._state = topics.set(device.room, device.id), topics.device_state(device.room, device.id)
        self._online = topics.online(device.room, device.id)
        self._next: Alarm | None = None
        self._alone: Alarm | None = None

    @property
    def will(self) -> Message:
        return Message(self._online, b"false", retain=True)

    @property
    def birth(self) -> Message:
        return Message(self._online, b"true", retain=True)

    @property
    def listens(self) -> tuple[str, ...]:
        return (self._set,)

    @property
    def state_topic(self) -> str:
        """Where it reports."""
        return self._state

    def start(self) -> None:
        if self.online:
            self._publish(self.birth)
            self._report()

    def take(self, incoming: Incoming) -> None:
        payload = incoming.payload
        if incoming.retain or not payload or not self.online or self.faults.deaf or self._twin is None:
            return
        command = read_set(self.device.kind, payload)
        if isinstance(command, Garbled):
            self.refused += 1
            return
        wanted, pair = command
        if self.pair is not None and pair < self.pair:
            return
        if pair != self.pair:
            self.pair = pair
            self._twin.apply(self._clipped(wanted), self._clock.monotonic())
        self._report()

    def actual(self) -> dict[str, Any]:
        return self._twin.at(self._clock.monotonic()) if self._twin is not None else {}

    def keeps_time(self, keeps: bool) -> None:
        if self._twin is not None:
            self._twin.keeps_time = keeps

    # -- what may happen to it ---------------------------------------------------------------------------------------

    def reboot(self) -> None:
        self.boot, self.pair = token_hex(4), None
        self._twin = twin_of(self.device)
        self.come_back()

    def touch(self, wanted: Wanted) -> None:
        assert self._twin is not None
        self._twin.apply(wanted, self._clock.monotonic())
        self._report()

    def press(self, press: str = "single", button: int = 1) -> None:
        if self.online:
            self._publish(Message(self._state, json.dumps({"press": press, "button": button}).encode()))

    def controller_lost(self) -> None:
        if self._alone is None:
            self._alone = self._in(ALONE, self._be_safe)

    def controller_back(self) -> None:
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None

    # -- how it works ------------------------------------------------------------------------------------------------

    def _be_safe(self) -> None:
        """Nobody has been there for a minute: enough light to find the door, and no scent."""
        now = self._clock.monotonic()
        values = self.actual()
        if self.device.kind == "diffuser" and self._twin is not None:
            self._twin.apply(DiffuserWanted(False), now)
        elif self._safe is not None and self._twin is not None and values["brightness"] < self._safe:
            fade = (lstar(self._safe / 100) - lstar(values["brightness"] / 100)) / LSTAR_RATE
            self._twin.apply(LightWanted(True, self._safe, values["kelvin"], None, fade), now)
        else:
            return
        self._report()

    def _clipped(self, wanted: Wanted) -> Wanted:
        limits = {key: bounds for key, bounds in self.faults.clips.items() if hasattr(wanted, key)}
        clipped: dict[str, Any] = {key: min(high, max(low, getattr(wanted, key))) for key, (low, high) in limits.items()}
        return replace(wanted, **clipped)

    def _report(self) -> None:
        """Say what it is now, and again as long as it changes by itself."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._twin is None:
            return
        if self.faults.late > 0:
            self._in(self.faults.late, self._say)
        else:
            self._say()
        now = self._clock.monotonic()
        ends = self._twin.ends(now)
        if ends is not None:
            soon = self._every if self._every > 0 and self._twin.moving(now) else ends - now
            self._next = self._in(min(soon, ends - now), self._report)

    def _say(self) -> None:
        if not self.online or not self.faults.answers:
            return
        values = self.actual()
        epoch, version = self.pair if self.pair is not None else (None, None)
        body = {**values, "epoch": epoch, "version": version, "boot": self.boot, "watts": watts(self.device, values)}
        self._publish(Message(self._state, json.dumps(body, separators=(",", ":")).encode(), retain=True))
