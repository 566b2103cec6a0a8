"""The HTTP client of a running controller."""

from ambiance.client.http import Client, believed

__all__ = ["Client", "believed"]
