"""The people looking, and the programs: the MQTT door, what may be said through it, and the metrics.

The HTTP door is `panel.http`, on `panel.server`: what they stand on is heavy, and a room that is restarted does not wait for it.
"""

from ambiance.panel.announcer import Announcer
from ambiance.panel.metrics import Metrics
from ambiance.panel.mqtt import MqttCommands
from ambiance.panel.public import Discretion

__all__ = ["Announcer", "Discretion", "Metrics", "MqttCommands"]
