"""Every dialect this program speaks, by the name it has in config.yaml."""

from collections.abc import Callable, Mapping

from ambiance.device.dialects.dali import Dali2Mqtt
from ambiance.device.dialects.dialect import Dialect
from ambiance.device.dialects.dmx import Dmx
from ambiance.device.dialects.esphome import EspHome
from ambiance.device.dialects.family import Family
from ambiance.device.dialects.ha_light import HaJsonLight
from ambiance.device.dialects.knx import Knx
from ambiance.device.dialects.mopidy import MopidyMqtt
from ambiance.device.dialects.native import Native
from ambiance.device.dialects.openbeken import OpenBeken
from ambiance.device.dialects.shelly_control import ShellyGen2Control
from ambiance.device.dialects.shelly_gen1 import ShellyGen1
from ambiance.device.dialects.shelly_rpc import ShellyGen2
from ambiance.device.dialects.snapcast import Snapcast
from ambiance.device.dialects.sonos import Sonos
from ambiance.device.dialects.tasmota import Tasmota
from ambiance.device.dialects.template import Template
from ambiance.device.dialects.wled import Wled
from ambiance.device.dialects.zigbee2mqtt import Zigbee2Mqtt, Zigbee2MqttTuya
from ambiance.device.topics import Topics

FAMILIES: Mapping[str, type[Family]] = {
    family.name: family
    for family in (
        Zigbee2Mqtt, Zigbee2MqttTuya, Tasmota, ShellyGen2, ShellyGen2Control, ShellyGen1, Wled, EspHome, OpenBeken, Dali2Mqtt, Knx, Dmx,
        HaJsonLight, Sonos, Snapcast, MopidyMqtt, Template,
    )
}  # fmt: skip
"""Families of devices that were not made for Ambiance."""
SPOKEN: Mapping[str, Callable[[Topics], Dialect]] = {"native": Native, **FAMILIES}
