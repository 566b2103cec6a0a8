"""Saying it and hearing back: topics, link, courier, dialects, broker and simulator."""

from ambiance.device.courier import Courier
from ambiance.device.dialects import Dialect, Native
from ambiance.device.difference import differences, unlike
from ambiance.device.message import Incoming, Message
from ambiance.device.news import (
    ButtonPressed,
    DeviceAsked,
    DeviceChanged,
    DeviceNews,
    DeviceReported,
    DeviceReturned,
    DeviceSilent,
    DeviceUnsteady,
    DeviceWentOffline,
    ReportRefused,
)
from ambiance.device.presses import FOUR_KEYS
from ambiance.device.tally import Tally
from ambiance.device.topics import Topics

__all__ = [
    "FOUR_KEYS",
    "ButtonPressed",
    "Courier",
    "DeviceAsked",
    "DeviceChanged",
    "DeviceNews",
    "DeviceReported",
    "DeviceReturned",
    "DeviceSilent",
    "DeviceUnsteady",
    "DeviceWentOffline",
    "Dialect",
    "Incoming",
    "Message",
    "Native",
    "ReportRefused",
    "Tally",
    "Topics",
    "differences",
    "unlike",
]
