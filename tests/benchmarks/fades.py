"""How many messages a fade takes, and how far the simulated lamps stray from what the room should be at that moment.

One room plays its first six minutes at five times the speed, so a delay counts five times what it would in a real room.
What is said again in the same bytes, as a live room is every minute, is not counted.
"""

import asyncio
from pathlib import Path

from ambiance.app import Running, run
from ambiance.clock import SystemClock
from ambiance.config import load_config
from ambiance.cuesheet.model import LightLevel
from ambiance.cuesheet.scene import track
from ambiance.device import Topics
from ambiance.device.simulator import Simulator
from ambiance.session.wishes import Start
from ambiance.units import lstar
from tests.benchmarks.house import PREFIX, SETS, House, Mosquitto
from tests.benchmarks.table import Row, quantile
from tests.benchmarks.wire import Observer

SPEED = 5.0
WATCHED = 345.0
"""Site seconds: into the welcome, and down to settling."""
FURTHEST = 2.1
"""L*: a step is 2, and delays of this machine count `SPEED` times."""
LAMPS = {"ceiling": "fades by itself", "cove": "cannot fade"}


def measure(folder: Path, quick: bool) -> list[Row]:
    seconds = (60.0 if quick else WATCHED) / SPEED
    with Mosquitto(folder) as broker, Observer(broker.port, *SETS) as observer:
        house = House(folder, 1, broker.port)
        config = house.config.read_text().replace("{id: cove,kind: light,", "{id: cove,kind: light,fade: 0,")
        house.config.write_text(config)
        strayed, fades = asyncio.run(_play(house, observer, seconds))
        heard = observer.collect(0, 1.0, 0.0)
    rows: list[Row] = []
    for lamp, kind in LAMPS.items():
        messages = len({each.payload for each in heard if each.topic == f"{PREFIX}/room-0000/device/{lamp}/set"})
        most = max(strayed[lamp], default=float("nan"))
        rows.append(Row("fades", f"a lamp that {kind}: messages a fade", f"{messages / max(1, fades[lamp]):.1f} ({fades[lamp]} fades)"))
        rows.append(Row("fades", f"a lamp that {kind}: off the scene, p99", f"{quantile(strayed[lamp], 0.99):.2f} L*"))
        rows.append(
            Row("fades", f"a lamp that {kind}: off the scene, most", f"{most:.2f} L*", aim=f"≤ {FURTHEST:g} L*", good=most <= FURTHEST)
        )
    return rows


async def _play(house: House, observer: Observer, seconds: float) -> tuple[dict[str, list[float]], dict[str, int]]:
    strayed: dict[str, list[float]] = {lamp: [] for lamp in LAMPS}
    fades: dict[str, int] = {}
    stop, playing = asyncio.Event(), []

    async def play(running: Running) -> None:
        site = running.config.site
        simulator = Simulator(Topics(site.prefix, site.id), site.rooms, running.broker, running.clock, share="house", report_every=0)
        await simulator.start()
        try:
            await asyncio.sleep(8.0)  # until the lamps are where a room that is ready has them
            observer.forget()
            loop = asyncio.get_running_loop()
            until = loop.time() + seconds
            await running.conductor.wish(Start("room-0000", "spa/swedish", 60, care=()))
            await asyncio.sleep(0.1)
            while loop.time() < until:
                scene = running.conductor.room("room-0000").scene
                for lamp, off in strayed.items():
                    level = scene.levels[lamp]
                    assert isinstance(level, LightLevel)
                    off.append(abs(lstar(simulator.rooms["room-0000"].actual(lamp)["brightness"] / 100) - level.lstar))
                await asyncio.sleep(0.02)
            (session,) = running.conductor.sessions()
            now = session.offset(running.clock.now())
            for lamp in LAMPS:
                fades[lamp] = sum(cue.at <= now and cue.start != cue.target for cue in track(session.sheet, lamp))
        finally:
            await simulator.stop()
            stop.set()

    def ready(running: Running) -> None:
        playing.append(asyncio.create_task(play(running)))

    await run(load_config(house.config, {}), SystemClock(SPEED), ready, stop)
    await asyncio.gather(*playing)
    return strayed, fades
