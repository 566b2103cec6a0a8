"""Every family's twin, by the name of its dialect."""

from collections.abc import Mapping

from ambiance.device.twins.dali import Dali2MqttTwin
from ambiance.device.twins.dmx import DmxTwin
from ambiance.device.twins.esphome import EspHomeTwin
from ambiance.device.twins.family import FamilyTwin
from ambiance.device.twins.ha_light import HaJsonLightTwin
from ambiance.device.twins.knx import KnxTwin
from ambiance.device.twins.mopidy import MopidyTwin
from ambiance.device.twins.openbeken import OpenBekenTwin
from ambiance.device.twins.shelly import ShellyGen2ControlTwin, ShellyGen2Twin
from ambiance.device.twins.shelly_gen1 import ShellyGen1Twin
from ambiance.device.twins.snapcast import SnapcastTwin
from ambiance.device.twins.sonos import SonosTwin
from ambiance.device.twins.tasmota import TasmotaTwin
from ambiance.device.twins.template import TemplateTwin
from ambiance.device.twins.wled import WledTwin
from ambiance.device.twins.zigbee2mqtt import TuyaTwin, Zigbee2MqttTwin

TWINS: Mapping[str, type[FamilyTwin]] = {
    "zigbee2mqtt": Zigbee2MqttTwin,
    "zigbee2mqtt-tuya": TuyaTwin,
    "tasmota": TasmotaTwin,
    "shelly-gen2": ShellyGen2Twin,
    "shelly-gen2-control": ShellyGen2ControlTwin,
    "shelly-gen1": ShellyGen1Twin,
    "wled": WledTwin,
    "esphome": EspHomeTwin,
    "openbeken": OpenBekenTwin,
    "dali2mqtt": Dali2MqttTwin,
    "knx-mqtt-bridge": KnxTwin,
    "mqtt-dmx-sequencer": DmxTwin,
    "ha-json-light": HaJsonLightTwin,
    "sonos2mqtt": SonosTwin,
    "snapcast-jsonrpc": SnapcastTwin,
    "mopidy-mqtt": MopidyTwin,
    "template": TemplateTwin,
}
