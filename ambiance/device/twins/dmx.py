"""DMX fixtures behind mqtt-dmx-sequencer.

hobbyquaker/mqtt-dmx-sequencer README.md, index.js: <prefix>/set/channel/<n> takes 0-255 at once, <prefix>/set/scene/<name> the
seconds of its transition. Nothing is ever said but <prefix>/connected, 2 and as its will 0, not retained. A fixture here has one
channel, a warm and a cool one, or red, green and blue.
"""

from ambiance.device.message import Message
from ambiance.device.twin import LightTwin
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of
from ambiance.units import kelvin, mired

_SLOTS = ("channel", "warm", "cool", "red", "green", "blue")


class DmxTwin(FamilyTwin):
    @property
    def listens(self) -> tuple[str, ...]:
        options = self.device.options
        scenes = tuple(f"{self.device.topic}/set/scene/{options[key]}" for key in ("scene", "dark") if key in options)
        return (*(f"{self.device.topic}/set/channel/{options[slot]}" for slot in _SLOTS if slot in options), *scenes)

    @property
    def will(self) -> Message:
        return Message(f"{self.device.topic}/connected", b"0")

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/connected", b"2")

    def _fresh(self) -> LightTwin:
        # A bridge that was just started sends zeros.
        self.slots: dict[str, int] = {}
        super()._fresh()
        self.on = False
        return LightTwin("output", 0.0)

    def obey(self, topic: str, payload: bytes) -> None:
        name = topic.rsplit("/", 1)[-1]
        if "/scene/" in topic:
            self.shine(name == self.device.options.get("scene"), 100.0, float(payload or b"0"))
            return
        value = int(payload)
        if not 0 <= value <= 255:
            raise Garble(value)
        self.slots |= {slot: value for slot in _SLOTS if self.device.options.get(slot) == name}
        self._show()

    def _show(self) -> None:
        slots = self.slots
        warm, cool = slots.get("warm", 0), slots.get("cool", 0)
        if "red" in self.device.options:
            parts = (slots.get("red", 0), slots.get("green", 0), slots.get("blue", 0))
            most = max(parts)
            self.shine(most > 0, 100 * most / 255 or None)
            if most:
                self.tint(None, hex_of(*(255 * part / most for part in parts)))
        elif warm or cool:
            low, high = (mired(edge) for edge in self.device.kelvin)
            self.tint(kelvin((warm * low + cool * high) / (warm + cool)))
            self.shine(True, min(100.0, 100 * (warm + cool) / 255))
        else:
            level = slots.get("channel", 0)
            self.shine(level > 0, 100 * level / 255 or None)

    def report(self) -> None:
        """It never says anything."""
