"""Simulated devices of every family that was not made for Ambiance, each after the documents of the real thing."""

from ambiance.device.twins.families import TWINS

__all__ = ["TWINS"]
