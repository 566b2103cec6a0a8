"""OpenBeken: lamps, plugs and fans with Beken and other chips.

openshwprojects/OpenBK7231T_App docs/mqttTopics.md, docs/commands.md, src/cmnds/cmd_repeatingEvents.c (events with one id stand
side by side until they are cancelled, and are lost on a reboot). Colours change at once: `led_lerpSpeed` is left off.
"""

from collections.abc import Callable

from ambiance.clock import Alarm
from ambiance.cuesheet.wanted import FanWanted
from ambiance.device.message import Message
from ambiance.device.twin import LightTwin
from ambiance.device.twins.family import FamilyTwin, Garble, mired_kelvin
from ambiance.units import mired


class OpenBekenTwin(FamilyTwin):
    _events: tuple[tuple[str, Alarm], ...] = ()

    @property
    def channel(self) -> str:
        return self.device.options.get("channel", "1")

    @property
    def listens(self) -> tuple[str, ...]:
        group = self.device.options.get("group")
        places = (self.device.topic, *((group,) if group else ()))
        return (*(f"cmnd/{place}/+" for place in places), f"{self.device.topic}/{self.channel}/set")

    @property
    def will(self) -> Message:
        return Message(f"{self.device.topic}/connected", b"offline", retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/connected", b"online", retain=True)

    def reboot(self) -> None:
        for _, alarm in self._events:
            alarm.cancel()
        self._events = ()
        super().reboot()

    def obey(self, topic: str, payload: bytes) -> None:
        text = payload.decode()
        if topic.startswith("cmnd/"):
            self._command(topic.rsplit("/", 1)[-1], text)
        elif topic.endswith("/set"):
            self._power(int(text) > 0)

    def _command(self, name: str, value: str) -> None:
        word = name.lower()
        if word == "backlog":
            for each in value.split(";"):
                command, _, argument = each.strip().partition(" ")
                if command:
                    self._command(command, argument.strip())
            return
        if word.rstrip("0123456789") == "power":
            words = {"on": True, "1": True, "off": False, "0": False, "toggle": not self.running}
            self._power(words[value.lower()])
        elif word == "addrepeatingeventid":
            seconds, repeats, event, command = value.split(" ", 3)
            if repeats != "1":
                raise Garble(repeats)
            alarm = self._in(float(seconds), self._ring(command))
            self._events = (*self._events, (event, alarm))
        elif word == "cancelrepeatingevent":
            for event, alarm in self._events:
                if event == value:
                    alarm.cancel()
            self._events = tuple((event, alarm) for event, alarm in self._events if event != value)
        elif self.device.kind == "light":
            self._light(word, value)
        else:
            raise Garble(name)

    def _ring(self, command: str) -> Callable[[], None]:
        def ring() -> None:
            if self._keeps:
                name, _, argument = command.partition(" ")
                self._command(name, argument)

        return ring

    def _power(self, on: bool) -> None:
        if self.device.kind == "light":
            self._light("led_enableall", "1" if on else "0")
            return
        was = self.running
        if self.device.kind == "fan":
            self.set(FanWanted(100.0 if on else 0.0))
        else:
            self.switch(on)
        if was != on:
            self.report()

    def _light(self, word: str, value: str) -> None:
        assert isinstance(self.body, LightTwin)
        match word:
            case "led_enableall":
                self.shine(int(value) > 0)
                self.say(f"{self.device.topic}/led_enableAll/get", int(self.on))
            case "led_dimmer":
                self.shine(None, float(min(100, max(0, int(value)))) or None)
                self.say(f"{self.device.topic}/led_dimmer/get", round(self.level))
            case "led_temperature":
                self.tint(mired_kelvin(min(500, max(154, int(value)))))
                self.say(f"{self.device.topic}/led_temperature/get", round(mired(self.warmth)))
            case "led_basecolor_rgb":
                self.tint(None, f"#{value.lstrip('#').lower()}")
                self.say(f"{self.device.topic}/led_basecolor_rgb/get", value.lstrip("#"))
            case _:
                raise Garble(word)

    def report(self) -> None:
        if self.device.kind == "light":
            self.say(f"{self.device.topic}/led_enableAll/get", int(self.on))
            self.say(f"{self.device.topic}/led_dimmer/get", round(self.level))
            self.say(f"{self.device.topic}/led_temperature/get", round(mired(self.warmth)))
        else:
            self.say(f"{self.device.topic}/{self.channel}/get", int(self.running))
