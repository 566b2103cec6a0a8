"""DALI lamps behind dali2mqtt.

dgomes/dali2mqtt dali2mqtt/dali2mqtt.py, dali2mqtt/lamp.py: the switch knows only OFF; a level outside the gear's own range is
refused; the level is told back as it was set. IEC 62386-102: level 1 is 0.1 %, 254 is 100 %, and equal steps are equal ratios;
the gear's fade time is at its factory value, none.
"""

from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble
from ambiance.units import Percent


class Dali2MqttTwin(FamilyTwin):
    _level = 229
    """Where it stands when it was just switched on: about half of its light."""

    @property
    def base(self) -> str:
        return self.device.topic.rpartition("/")[0]

    @property
    def listens(self) -> tuple[str, ...]:
        return tuple(f"{self.device.topic}/light/{leaf}" for leaf in ("switch", "brightness/set", "brightness/get"))

    @property
    def will(self) -> Message:
        return Message(f"{self.base}/status", b"offline", retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.base}/status", b"online", retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/switch"):
            if payload == b"OFF":
                self.shine(False)
                self.say(f"{self.device.topic}/light/status", "OFF", retain=True)
            return
        if topic.endswith("/set"):
            level = int(payload)
            least, most = int(self.device.options.get("min_level", "1")), int(self.device.options.get("max_level", "254"))
            if level != 0 and not least <= level <= most:
                raise Garble(level)
            self._level = level
            self.shine(level > 0, percent(level) if level else None)
        self.report()

    def report(self) -> None:
        truly = float(self.body.at(self.now)["brightness"])
        level = self._level if truly > 0 and abs(percent(self._level) - truly) < 1e-6 else level_of(truly)
        self.say(f"{self.device.topic}/light/status", "ON" if level > 0 else "OFF")
        self.say(f"{self.device.topic}/light/brightness/status", level, retain=True)


def percent(level: int) -> Percent:
    """Light of an arc power level: IEC 62386-102, 3 decades over 253 steps."""
    return 0.0 if level <= 0 else 100 * 10.0 ** (3 * (level - 254) / 253)


def level_of(light: Percent) -> int:
    return next((level for level in range(254, 0, -1) if percent(level) <= light + 1e-6), 0)
