"""The whole program, wired and started in one straight list; the `finally` is its mirror."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from ambiance.adopting import Adopting
from ambiance.clock import Clock, Instant, SystemClock, staff_time
from ambiance.config import Config
from ambiance.config.housefiles import HouseFiles
from ambiance.config.intake import load_intake
from ambiance.cuesheet.wanted import Wanted
from ambiance.device import Courier, DeviceAsked, DeviceNews, DeviceReported, Incoming, Message, Topics
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN
from ambiance.device.lines import PREFIX, Lines
from ambiance.device.link import Link
from ambiance.device.trying import Candidates, Trials
from ambiance.errors import StoreUnavailable
from ambiance.panel import Announcer, Discretion, Metrics, MqttCommands
from ambiance.panel.doorstep import doorstep
from ambiance.panel.preview import Previews
from ambiance.panel.public import names
from ambiance.panel.tokens import Tokens
from ambiance.profile import Library
from ambiance.room import Board
from ambiance.room.asks import wish_of
from ambiance.room.check import Checks
from ambiance.room.measuring import Measuring
from ambiance.room.sensing import Sensing
from ambiance.room.spare import why_needed
from ambiance.room.tanks import Tanks
from ambiance.session import CalendarTimer, ClockTimer, Conductor
from ambiance.session.model import RoomState
from ambiance.session.past import Past
from ambiance.session.sql import SqlStore
from ambiance.session.wishes import LinkUp, Returned
from ambiance.site import Device, Site

if TYPE_CHECKING:
    from ambiance.device.broker import EmbeddedBroker
    from ambiance.panel.identity import Identity
    from ambiance.panel.server import Server

SETTLE = 0.3
"""Machine seconds after a connect in which devices' retained reports arrive, so that a restatement knows where they stand."""
ROOMS_FIRST = 1.0
"""Machine seconds the doors stay shut at most while the broker is being reached: rooms are put right before anybody is let in."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started controller: where it can be reached, and its parts for whoever runs it in the same process."""

    config: Config
    clock: Clock
    url: str
    broker: BrokerSettings
    library: Library
    conductor: Conductor
    board: Board
    link: Link
    identity: "Identity" = field(repr=False)
    first_link: str | None = field(default=None, repr=False)
    """Where the first account is made, while there is none; whoever has it may do everything."""


async def run(
    config: Config,
    clock: Clock | None = None,
    ready: Callable[[Running], None] = lambda running: None,
    stop: asyncio.Event | None = None,
) -> bool:
    """Run the controller of one site until `stop` is set or a signal comes; True where it is to begin again with what is written now."""
    clock = clock or SystemClock()
    stop = stop or asyncio.Event()
    _on_signals(stop)
    _many_files()
    log = structlog.get_logger("ambiance")
    site = config.site
    library = Library.load(config.profiles, config.profiles_at)
    intake = load_intake(config.profiles)
    store = SqlStore(config.store.url, site.id, kept=site.retention)
    broker = _embedded(config)
    link: Link | None = None
    conductor: Conductor | None = None
    announcer: Announcer | None = None
    commands: MqttCommands | None = None
    trials: Trials | None = None
    candidates: Candidates | None = None
    sensing: Sensing | None = None
    measuring: Measuring | None = None
    checks: Checks | None = None
    lines: Lines | None = None
    server: Server | None = None
    doors: list[socket.socket] = []
    reader = ThreadPoolExecutor(2, thread_name_prefix="reader")
    pins = ThreadPoolExecutor(1, thread_name_prefix="pins")
    serving: asyncio.Task[None] | None = None
    stated = asyncio.Event()
    again = asyncio.Event()
    stating: set[asyncio.Task[None]] = set()
    keeping: asyncio.Task[None] | None = None
    try:
        # Ports first: once the store is loaded, a controller that runs already may save no more.
        doors = await doorstep(config.http.host, config.http.port)
        if broker is not None:
            await broker.start()
        world = await asyncio.to_thread(store.load, clock.now(), _boot_id())
        site = site.keyed(world.playlist_key)
        settings = config.broker.settings(broker.url if broker is not None else None)
        tokens = Tokens(store)
        topics = Topics(site.prefix, site.id)
        spoken = {name: speak(topics) for name, speak in SPOKEN.items()}
        board = Board(site, clock, lambda device: spoken[device.dialect].traits(device).tolerance)
        metrics = Metrics(
            lambda: conductor.sessions() if conductor else (),
            lambda: link.state if link else "down",
            lambda: link.queue_depth if link else 0,
        )

        def publish(message: Message) -> None:
            if link is not None and not (lines is not None and lines.publish(message)):
                link.publish(message)

        def heard(news: DeviceNews) -> None:
            metrics.heard(news)
            board.heard(news)
            for sensed in (sensing, measuring):
                if sensed is not None:
                    sensed.heard(news)
            if trials is not None and trials.heard(news):
                return
            if conductor is None or isinstance(news, DeviceAsked | DeviceReported):
                return
            room = conductor.site.by_id.get(news.room)
            if room is None or news.device not in room.by_id:
                return  # it is about to come, or to go
            now = conductor.room(room.id)
            emergency = now.state is RoomState.EMERGENCY
            wish = wish_of(news, room, now.session is not None, now.hands, emergency)
            if wish is not None:
                conductor.put(wish)

        def send(room: str, device: str, wanteds: tuple[Wanted, ...], glide: bool, hurry: bool) -> None:
            # Whoever speaks for the room ends a trial of this device.
            if trials is not None:
                trials.needed(room, device)
            courier.send(room, device, wanteds, glide, hurry)

        courier = Courier(site, topics, spoken, world.epoch, clock, publish, heard)
        timer = CalendarTimer(clock) if isinstance(clock, SystemClock) and clock.speed == 1.0 else ClockTimer(clock)
        conductor = Conductor(site, library, store, clock, timer, world, send, _answers(board), metrics.cue_sent)
        trials = Trials(site, spoken, clock, courier.send, _needed(conductor, clock, lambda: link is not None and link.state == "up"),
                        _said(board), lambda room, device: conductor.put(Returned(room, device)))  # fmt: skip
        past, tanks = Past(store), Tanks(site, board)
        sensing = Sensing(site, clock, board, conductor.put, conductor.room)
        measuring = Measuring(site, clock, board, conductor.put)
        checks = Checks(site, clock, board, courier, conductor.sessions, conductor.put)
        discretion = Discretion.of(library)
        announcer = Announcer(conductor, board, topics, clock, publish, world.seq)
        commands = MqttCommands(conductor, topics, clock, publish, metrics, discretion)

        def arrived(incoming: Incoming) -> None:
            if not courier.hear(incoming):
                commands.hear(incoming)

        def up() -> None:
            courier.link_up()
            announcer.link_up()
            stating.add(task := asyncio.create_task(state()))
            task.add_done_callback(stating.discard)

        async def state() -> None:
            await asyncio.sleep(SETTLE)
            await conductor.wish_many([(LinkUp(), None)])
            stated.set()

        def down(reason: str) -> None:
            courier.link_down()
            conductor.link_down()
            log.warning("link_down", reason=reason)

        def begin_again() -> None:
            again.set()
            stop.set()

        lines = Lines((topic for topic in courier.filters if topic.startswith(PREFIX)), arrived)

        def over_the_broker(filters: Sequence[str]) -> tuple[str, ...]:
            return (*topics.do_filters(), *(topic for topic in filters if not topic.startswith(PREFIX)))

        def hear(filters: Sequence[str], again: Sequence[str]) -> None:
            if link is not None and lines is not None:
                link.hear(over_the_broker(filters), again)
                lines.adopt(topic for topic in filters if topic.startswith(PREFIX))

        link = Link(
            settings,
            f"ambiance-{site.id}",
            over_the_broker(courier.filters),
            will=Message(topics.status(), b"offline", retain=True),
            birth=Message(topics.status(), b"online", retain=True),
            on_message=arrived,
            on_up=up,
            on_down=down,
        )
        announcer.follow()
        conductor.follow(lambda news: trials.look())
        await conductor.start()
        with suppress(StoreUnavailable):
            await asyncio.to_thread(tanks.load, past.run_since_refill)
        conductor.follow(tanks.told)
        conductor.follow(measuring.told)
        tanks.say()
        checks.start()
        await link.start()
        lines.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(stated.wait(), ROOMS_FIRST)
        await asyncio.to_thread(_bring_doors)
        from ambiance.device.finding import look
        from ambiance.panel.http import HttpLimits, make_http
        from ambiance.panel.identity import Identity
        from ambiance.panel.renewal import Certificates, keep, renew
        from ambiance.panel.server import listener

        keepers = (trials, board, sensing, measuring, checks, tanks)
        adopting = Adopting(conductor, courier, keepers, hear, SETTLE)

        async def adopt(site: Site) -> tuple[str, ...]:
            staying = await adopting.adopt(site.keyed(world.playlist_key))
            store.kept = site.retention
            with suppress(StoreUnavailable):
                await asyncio.to_thread(tanks.load, past.run_since_refill)
            tanks.say()
            return staying

        candidates = Candidates(settings, lambda: conductor.site, SystemClock())
        identity = Identity(store)
        app = make_http(
            conductor,
            board,
            library,
            Previews(library, lambda: (conductor.site.scent_policy, conductor.site.limits)),
            store,
            tokens,
            clock,
            metrics,
            records=past,
            checks=checks,
            trials=trials,
            seq=world.seq,
            running=lambda: conductor is not None and conductor.running,
            link_state=lambda: link.state if link else "down",
            identity=identity,
            executor=reader,
            pins=pins,
            authority=Path(config.http.authority) if config.http.authority is not None else None,
            limits=HttpLimits(hosts=frozenset(config.http.hosts)),
            intake=intake,
            look=lambda seconds: look(settings, seconds, SystemClock(), conductor.site),
            show=candidates.begin,
            files=None
            if config.file is None
            else HouseFiles(config.file, config, os.environ, library, lambda: discretion.learn(names(library))),
            again=begin_again,
            adopt=adopt,
        )
        certificates = None if config.http.authority is None else Certificates(Path(config.http.authority).parent)
        if certificates is not None:
            await asyncio.to_thread(renew, certificates, clock)
        http = config.http
        server = listener(app, http.host, http.port, http.certificate, http.key, http.trusted_proxies)
        serving = asyncio.create_task(server.serve(doors), name="http")
        await server.listening(serving)
        if certificates is not None:
            keeping = asyncio.create_task(keep(certificates, clock, server.show), name="certificate")
        log.info("controller_running", site=site.id, url=server.url, broker=settings.url, epoch=world.epoch, rooms=len(site.rooms))
        first_link = await _first_link(identity, staff_time(clock), server.url, config)
        # What is here now stays: looking through it again and again would only make cues late. So would a look through much at once.
        gc.enable()
        gc.collect()
        gc.freeze()
        gc.set_threshold(5_000, 1_000, 1_000)
        ready(Running(config, clock, server.url, settings, library, conductor, board, link, identity, first_link))
        stopping = asyncio.create_task(stop.wait())
        usurped = asyncio.create_task(conductor.superseded.wait())
        await asyncio.wait({stopping, serving, usurped}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        usurped.cancel()
    finally:
        if keeping is not None:
            keeping.cancel()
        if server is not None and serving is not None:
            server.should_exit = server.force_exit = True
            await asyncio.wait({serving}, timeout=3)
        for door in doors:
            door.close()
        for tried in (trials, candidates):
            if tried is not None:
                await tried.stop()
        if commands is not None:
            await commands.stop()
        if conductor is not None:
            await conductor.stop()
        if checks is not None:
            checks.stop()
        if announcer is not None:
            announcer.stop()
        if lines is not None:
            await lines.stop()
        if link is not None:
            await link.stop()
        if broker is not None:
            await broker.stop()
        for pool in (reader, pins):
            pool.shutdown(wait=False, cancel_futures=True)
        store.close()
    return again.is_set()


async def _first_link(identity: "Identity", now: Instant, url: str, config: Config) -> str | None:
    """In a house without staff: the link by which whoever reads this log makes the first account. It works once, for an hour."""
    if not await asyncio.to_thread(identity.people.nobody):
        return None
    for anywhere in ("//0.0.0.0:", "//[::]:") if config.http.hosts else ():
        url = url.replace(anywhere, f"//{config.http.hosts[0]}:", 1)
    from ambiance.panel.identity.first import GOOD_FOR

    link = f"{url}/first-run/{identity.first.make(now)}"
    structlog.get_logger("ambiance").warning("nobody_has_an_account_yet", open=link, minutes=GOOD_FOR // timedelta(minutes=1))
    return link


def _embedded(config: Config) -> "EmbeddedBroker | None":
    """The broker in this process, if the house has no other; imported only then, for it is not small."""
    if not config.broker.embedded:
        return None
    from ambiance.device.broker import EmbeddedBroker

    return EmbeddedBroker(port=config.broker.port)


def _bring_doors() -> None:
    """Import what only the doors and the calendar need, longer than all the rest. On a thread: cues go on meanwhile."""
    import apscheduler.schedulers.asyncio
    import apscheduler.triggers.date  # noqa: F401

    import ambiance.panel.http
    import ambiance.panel.server  # noqa: F401


def _needed(conductor: Conductor, clock: Clock, linked: Callable[[], bool]) -> Callable[[str, Device], str | None]:
    return lambda room, device: why_needed(conductor.room(room), device, clock.now(), linked())


def _said(board: Board) -> Callable[[str, str], tuple[Mapping[str, Any] | None, bool | None]]:
    def said(room: str, device: str) -> tuple[Mapping[str, Any] | None, bool | None]:
        belief = board.belief(room).devices[device]
        return belief.reported, belief.online

    return said


def _answers(board: Board) -> Callable[[str, str], bool | None]:
    return lambda room, device: board.belief(room).devices[device].online


def _many_files() -> None:
    """As many open connections as the system lets us have: the usual soft limit is less than a busy house with an intruder."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65_536, hard))


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except (NotImplementedError, RuntimeError, ValueError):
            return
