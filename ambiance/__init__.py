"""Ambiance: the room follows the treatment."""

__version__ = "0.1.0"
