"""The whole examination, worst first."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ambiance.clock import Clock
from ambiance.config import Config
from ambiance.doctor.broker import broker
from ambiance.doctor.complaint import ORDER, Complaint, improve
from ambiance.doctor.machine import library, machine
from ambiance.doctor.rooms import rooms
from ambiance.units import Seconds
from ambiance.yaml import Node, load

LISTEN: Seconds = 4.0


async def examine(config: Config, file: Path, clock: Clock, seconds: Seconds = LISTEN) -> list[Complaint]:
    """Look at everything; nothing is changed and nothing moves. `file` is where `config` was read from."""
    now = clock.now()
    (treatments, found), answered, here = await asyncio.gather(
        asyncio.to_thread(library, config), broker(config, seconds, now), asyncio.to_thread(lambda: list(machine(config, now)))
    )
    found += [*answered, *here]
    found += rooms(config.site, treatments, _written(file))
    # What the configuration warns of is said by the file and line it is about.
    found += [improve("config", warning, "") for warning in config.warnings if "hand_light" not in warning]
    return sorted(found, key=lambda complaint: ORDER.index(complaint.grade))


def _written(file: Path) -> Mapping[str, frozenset[str]]:
    """Which keys of each room somebody wrote."""
    top = load(file).value
    written: dict[str, frozenset[str]] = {}
    listed = top["rooms"].value if isinstance(top, dict) and "rooms" in top else ()
    for room in listed if isinstance(listed, tuple) else ():
        if isinstance(room, Node) and isinstance(room.value, dict) and "id" in room.value:
            written[str(room.value["id"].value)] = frozenset(room.value)
    return written
