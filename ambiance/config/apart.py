"""What of a house can be in force while it runs, and what only after a start."""

from dataclasses import replace

from ambiance.config.model import Config
from ambiance.site import Site

_SITE = ("id", "timezone", "prefix")
"""Of the site: rows, topics and the calendar hang on these."""
_REST = ("broker", "store", "http", "homeassistant", "profiles")


def playable(running: Config, written: Config) -> Site:
    """The written site, as far as a running controller can play it."""
    return replace(written.site, **{key: getattr(running.site, key) for key in _SITE})


def apart(running: Config, written: Config) -> tuple[str, ...]:
    """In what a running controller is not yet as it is written, by path; empty where it is."""
    found = [f"site.{key}" for key in _SITE if getattr(running.site, key) != getattr(written.site, key)]
    found += [key for key in _REST if getattr(running, key) != getattr(written, key)]
    site = playable(running, written)
    ids = dict.fromkeys((*running.site.by_id, *site.by_id))
    rooms = [f"rooms.{id}" for id in ids if running.site.by_id.get(id) != site.by_id.get(id)]
    if site != running.site:
        found += rooms or ["site"]
    return tuple(found)
