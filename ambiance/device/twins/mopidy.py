"""Mopidy with magcode/mopidy-mqtt (README.md): <topic>/play takes an address, <topic>/control stop; <topic>/state and …/nowplaying.

Newer ones take a <topic>/volume, which they do not repeat. None says whether it is there. `play` begins anew, whatever plays.
"""

from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, whole


class MopidyTwin(FamilyTwin):
    starts = 0
    """How often a piece was begun."""

    @property
    def listens(self) -> tuple[str, ...]:
        return tuple(f"{self.device.topic}/{leaf}" for leaf in ("play", "control", *(("volume",) if self._sets else ())))

    @property
    def _sets(self) -> bool:
        return self.device.options.get("volume") == "true"

    @property
    def will(self) -> Message:
        """It has none; this one nobody listens to."""
        return Message(f"{self.device.topic}/simulator", b"offline")

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/simulator", b"online")

    def go_offline(self) -> None:
        self.online = False

    def obey(self, topic: str, payload: bytes) -> None:
        text, was = payload.decode().strip("'"), self.running
        if topic.endswith("/volume"):
            self.play(was, float(whole(int(text), 0, 100)))
            return
        if topic.endswith("/play"):
            self.starts += 1
            self.play(True, None if self._sets else 100.0, text)
            self.say(f"{self.device.topic}/nowplaying", text)
        elif text == "stop":
            self.play(False)
        else:
            raise Garble(text)
        if was != self.running:
            self.report()

    def greet(self) -> None:
        """It speaks when the state changes."""

    def report(self) -> None:
        self.say(f"{self.device.topic}/state", "playing" if self.running else "stopped")
