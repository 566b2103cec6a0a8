"""A Sonos speaker behind sonos2mqtt.

svrooij/sonos2mqtt docs/control/1-commands.md, docs/control/2-playback.md, docs/topics.md, src/smarthome-mqtt.ts;
UPnP AVTransport:1 (SetAVTransportURI leaves a
player stopped; 701, transition not available, for a pause of what does not play). State is retained, and said when something
changed. There is no ramp: a volume is there at once. The level of `taper` is what the site's installer measured.
"""

import json
from datetime import timedelta
from typing import Any

from ambiance.clock import Alarm
from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble
from ambiance.units import Seconds


class SonosTwin(FamilyTwin):
    _uri: str | None = None
    _queue: tuple[str, ...] = ()
    _paused = False
    _sleep: Alarm | None = None

    @property
    def base(self) -> str:
        return self.device.topic.split("/")[0]

    @property
    def uuid(self) -> str:
        return self.device.topic.rsplit("/", 1)[-1]

    @property
    def listens(self) -> tuple[str, ...]:
        leader = self.device.options.get("coordinator")
        led = (f"{self.base}/{leader}/control",) if leader and leader != self.uuid else ()
        return (f"{self.device.topic}/control", *led, f"{self.base}/cmd/pauseall")

    @property
    def will(self) -> Message:
        return Message(f"{self.base}/connected", b"0", qos=0, retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.base}/connected", b"2", qos=0, retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        before = self._state()
        if topic.endswith("/pauseall"):
            self._pause()
        else:
            told = json.loads(payload)
            word = str(told["command"])
            try:
                self._do(word, told.get("input"))
            except Garble as refused:
                self.say(f"{self.device.topic}/error", {"command": word, "error": {"message": str(refused)}})
                raise
        if self._state() != before:
            self.report()

    def _do(self, word: str, value: Any) -> None:
        playing = self.running
        match word:
            case "volume":
                if type(value) is not int or not 0 <= value <= 100:
                    raise Garble("402 invalid args")
                self.play(playing, float(value))
            case "setavtransporturi":
                self._uri, self._paused = str(value), False
                self.play(False, None, self._uri)
            case "adv-command":
                self._call(str(value["cmd"]), value.get("val"))
            case "switchtoqueue":
                self._uri, self._paused = " ".join(self._queue) or None, False
                self.play(False, None, self._uri)
            case "play":
                if self._uri is None:
                    raise Garble("701 transition not available")
                self.play(True)
            case "pause":
                if not playing:
                    raise Garble("701 transition not available")
                self._pause()
            case "stop":
                self._paused = False
                self.play(False)
            case "sleep":
                self._sleep_in(float(value) * 60 if not isinstance(value, str) else _seconds(value))
            case _:
                raise Garble(f"unknown command {word}")

    def _call(self, name: str, value: Any) -> None:
        match name:
            case "AVTransportService.RemoveAllTracksFromQueue":
                self._queue = ()
            case "AddUriToQueue":
                self._queue = (*self._queue, str(value))
            case _:
                raise Garble(f"unknown call {name}")

    def _pause(self) -> None:
        self._paused = self.running
        self.play(False)

    def _sleep_in(self, seconds: Seconds) -> None:
        if self._sleep is not None:
            self._sleep.cancel()

        def ring() -> None:
            if self._keeps:
                self._pause()
                self.report()

        self._sleep = self._clock.call_at(self._clock.now() + timedelta(seconds=seconds), ring)

    def _state(self) -> dict[str, Any]:
        values = self.body.at(self.now)
        transport = "PLAYING" if values["playing"] else "PAUSED_PLAYBACK" if self._paused else "STOPPED"
        return {
            "uuid": self.uuid, "name": self.device.id, "groupName": self.device.id, "playmode": "NORMAL",
            "coordinatorUuid": self.device.options.get("coordinator", self.uuid), "transportState": transport,
            "volume": {"Master": round(values["volume"])}, "mute": {"Master": False},
            "currentTrack": {"Title": self._uri or "", "TrackUri": self._uri or ""},
        }  # fmt: skip

    def _fresh(self) -> Any:
        body = super()._fresh()
        # As its owner left it: silent, with something in its queue, at a quarter of its volume.
        self._uri, self._paused = "x-rincon-queue:RINCON_0#0", False
        self.body = body
        self.play(False, 25.0, None)
        return body

    def report(self) -> None:
        self.say(self.device.topic, {**self._state(), "ts": round(self.unix * 1000)}, retain=True)


def _seconds(text: str) -> Seconds:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * 3600.0 + minutes * 60 + seconds
