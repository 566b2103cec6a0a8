"""Where an answer may be sent that a caller asked for over MQTT 5: never to where it would be taken for a command."""

import re

from ambiance.device.topics import Topics
from ambiance.site import Site

_PLAIN = re.compile(r"[^\x00-\x1f\x7f+#$][^\x00-\x1f\x7f+#]{0,511}")
ORDERS = frozenset({"set", "get", "do", "cmnd", "command", "cmd", "rpc", "api", "config", "bridge"})
"""Levels of a topic that some device takes as an order."""


def reply_topic(asked: str | None, topics: Topics, site: Site) -> str | None:
    """The response topic, if answers may go there; None for the command's own result topic.

    Refused are wildcards, broker topics, everything a device of this site listens to, and our own tree.
    """
    if asked is None or not _PLAIN.fullmatch(asked):
        return None
    levels = asked.split("/")
    if asked.startswith(f"{topics.prefix}/"):
        return asked if levels[-1] == "result" and len(levels) > 3 else None
    if any(level.lower() in ORDERS for level in levels):
        return None
    devices = (device.topic for room in site.rooms for device in room.devices if device.topic)
    if any(topic == asked or asked.startswith(f"{topic}/") or topic in levels for topic in devices):
        return None
    return asked
