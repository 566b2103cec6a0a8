"""A small house for the tests of the conductor: real profiles, a real store, a clock that moves only when told to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from unittest.mock import patch
from zoneinfo import ZoneInfo

from structlog.testing import capture_logs

from ambiance.clock import Instant, ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, Wanted
from ambiance.device.twin import Twin, twin_of
from ambiance.errors import StoreUnavailable
from ambiance.profile import Library
from ambiance.session import ClockTimer, Conductor, News, Session
from ambiance.session.model import LIVE, CareRow, Changes, Course, DoseRow, RefRow, SessionState, World
from ambiance.session.sql import SqlStore
from ambiance.session.store import Store
from ambiance.session.wishes import Act, Answer, Key, LinkUp, RoomNow, Start, Verb, Wish
from ambiance.site import Device, Limits, Room, Site

T = TypeVar("T")
PROFILES = Path(__file__).parents[2] / "profiles"
MINUTE = 60.0


def a_room(id: str = "lavender", **changes: Any) -> Room:
    """A room with one of everything. Spa, the clock leads, unless told otherwise."""
    devices = (
        Device("ceiling", id, "light", kelvin=(2000.0, 6500.0), share=0.8),
        Device("cove", id, "light", role="accent", share=0.2),
        Device("exam", id, "light", role="exam"),
        Device("speaker", id, "player"),
        Device("diffuser", id, "diffuser", families=("floral_herbal",)),
        Device("extract", id, "fan", air_changes=8.0),
        Device("climate", id, "climate"),
        Device("table", id, "warmer"),
    )
    plain = Room(id, id.title(), usual=("spa/swedish",), full_volume_dba=70.0, volume_m3=30.0, air_changes=2.0, devices=devices)
    return replace(plain, **changes)


LAVENDER = a_room()
ROSE = a_room("rose", borders="hands")
OAK = a_room("oak", setting="clinical", borders="hands", full_light_lux=500.0, usual=("clinical/myofascial_release",))
ROOMS = (LAVENDER, ROSE, OAK)


def a_site(*rooms: Room, limits: Limits | None = None, duress: Literal["silent", "bright"] = "silent") -> Site:
    return Site("harbour", "Harbour Spa", ZoneInfo("Europe/Berlin"), rooms or ROOMS, limits or Limits(), duress=duress)


@cache
def library() -> Library:
    return Library.load(PROFILES)


@dataclass(frozen=True)
class Told:
    """One thing a device was told, and when."""

    at: Instant
    room: str
    device: str
    wanted: Wanted
    glide: bool
    hurry: bool
    elapsed: float


@dataclass(frozen=True)
class Scented:
    """One thing a diffuser was told, and when."""

    at: Instant
    device: str
    wanted: DiffuserWanted


class Inline(Executor):
    """Runs at once what others would run on a thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class MemoryStore:
    """A store that can fail on demand. `fails` is raised by every save while it is set."""

    def __init__(self) -> None:
        self.saved: list[Changes] = []
        self.fails: Exception | None = None
        self.sessions_by_id: dict[str, Session] = {}
        self.rooms: dict[str, Any] = {}
        self.dose_rows: dict[str, DoseRow] = {}
        self.news: list[News] = []
        self.codes: dict[str, CareRow] = {}
        self.refs: dict[str, RefRow] = {}
        self.keys: dict[tuple[str, str], Any] = {}
        self.courses: dict[str, Course] = {}
        self.drills: dict[str, Any] = {}
        self.air: dict[str, Any] = {}
        self.instant: Instant | None = None
        self.boot = ""
        self.epoch = 0

    def load(self, now: Instant, boot_id: str) -> World:
        self.epoch += 1
        rebooted, self.boot = bool(self.boot) and self.boot != boot_id, boot_id
        seq = self.news[-1].seq if self.news else 0
        return World(
            self.epoch, seq, self.instant, rebooted, tuple(self.sessions_by_id.values()), tuple(self.rooms.values()),
            tuple(self.dose_rows.values()), tuple(self.keys.values()), tuple(self.courses.values()), tuple(self.drills.values()),
            tuple(self.refs.values()), tuple(self.air.values()), tuple(self.codes.values()),
        )  # fmt: skip

    def save(self, changes: Changes) -> None:
        if self.fails is not None:
            raise self.fails
        self.saved.append(changes)
        self.sessions_by_id.update({session.id: session for session in changes.sessions})
        self.rooms.update({row.room: row for row in changes.rooms})
        self.dose_rows.update({dose.id: dose for dose in changes.doses})
        self.news += changes.news
        self.codes.update({row.session: row for row in changes.care})
        for row in changes.refs:
            self.refs[row.ref] = row
        self.refs = {ref: row for ref, row in self.refs.items() if row.codes is not None}
        self.keys.update({(key.token, key.key): key for key in changes.keys})
        self.courses.update({course.id: course for course in changes.courses})
        for id in changes.erased:
            self.sessions_by_id.pop(id, None)
        self.drills.update({row.kind: row for row in changes.drills})
        self.air.update({row.id: row for row in changes.air})
        self.instant = changes.instant or self.instant

    def news_since(self, seq: int, limit: int = 1000) -> Sequence[News]:
        return [news for news in self.news if news.seq > seq][:limit]

    def sessions(self, room: str | None = None, limit: int = 500) -> Sequence[Session]:
        return list(self.sessions_by_id.values())[-limit:]

    def session(self, id: str) -> Session | None:
        return self.sessions_by_id.get(id)

    def doses(self, session: str) -> Sequence[DoseRow]:
        return [dose for dose in self.dose_rows.values() if dose.session == session]

    def care(self, session: str) -> CareRow | None:
        return self.codes.get(session)

    def sweep(self, now: Instant) -> None:
        if self.fails is not None:
            raise self.fails

    def tidy(self, now: Instant) -> None:
        self.sweep(now)

    def healthy(self) -> bool:
        return self.fails is None

    def close(self) -> None:
        """Nothing to let go of."""


FULL = StoreUnavailable("disk full")


class House:
    """A running conductor and everything it said. `look` is how often it compares clocks (rarely, as that only costs time)."""

    def __init__(self, site: Site, store: Store, clock: ManualClock, boot: str = "boot-1", look: float = 1800.0) -> None:
        self.site, self.store, self.clock, self.boot, self.look = site, store, clock, boot, look
        self.told: list[Told] = []
        self.news: list[News] = []
        self.late: list[float] = []
        self.offline: set[tuple[str, str]] = set()
        self.link = True
        self.library = library()
        self.logs: list[Any] = []
        self.twins: dict[tuple[str, str], Twin] = {
            (room.id, device.id): twin for room in site.rooms for device in room.devices if (twin := twin_of(device)) is not None
        }

    async def start(self, executor: Executor | None = None) -> None:
        """Load what is remembered and play it; the broker is there unless `link` is False."""
        world = self.store.load(self.clock.now(), self.boot)
        self.conductor = Conductor(
            self.site, self.library, self.store, self.clock, ClockTimer(self.clock), world, self._send, self._answers, self.late.append,
            executor or Inline(),
        )  # fmt: skip
        self.conductor.follow(self.news.append)
        await self.conductor.start()
        if self.link:
            await self.wish(LinkUp())

    async def adopt(self, *rooms: Room, limits: Limits | None = None, **changes: Any) -> None:
        """The house is written anew, and played from now on."""

        def also(site: Site) -> None:
            before, self.site = self.site, site
            known = {(room.id, device.id): device for room in before.rooms for device in room.devices}
            for room in site.rooms:
                for device in room.devices:
                    fresh = (room.id, device.id) not in known or not device.is_still(known[room.id, device.id])
                    if fresh and (twin := twin_of(device)) is not None:
                        self.twins[room.id, device.id] = twin

        await self.conductor.adopt(replace(a_site(*rooms, limits=limits), **changes), also)

    def kill(self) -> None:
        """kill -9: whatever was in memory is gone, and its alarms with it."""
        for task in asyncio.all_tasks():
            if task.get_name() == "conductor":
                task.cancel()
        clock = ManualClock(self.clock.now())
        clock.advance(0.0)
        self.clock = clock

    async def restart(self, after: float = 0.0, boot: str | None = None) -> None:
        """Killed, and started again `after` seconds later (on another boot of the machine, if named)."""
        self.kill()
        await asyncio.sleep(0)
        self.clock.advance(after)
        self.boot = boot or self.boot
        await self.start()

    async def run(self, seconds: float) -> None:
        await self.clock.run(seconds)

    async def wish(self, wish: Wish, key: Key | None = None) -> Answer:
        return await self.conductor.wish(wish, key)

    async def begin(self, room: str = "lavender", profile: str | None = "spa/swedish", minutes: int | None = 60, **more: Any) -> str:
        """Start a session and return its id."""
        return str((await self.wish(Start(room, profile, minutes, **more))).body["id"])

    async def act(self, verb: Verb, session: str | None = None, room: str = "lavender", **more: Any) -> Answer:
        return await self.wish(Act(verb, session, None if session else room, **more))

    def session(self, id: str) -> Session:
        found = self.store.session(id)
        assert found is not None
        return found

    def state(self, id: str) -> SessionState:
        return self.session(id).state

    def room(self, id: str = "lavender") -> RoomNow:
        return self.conductor.room(id)

    def live(self, room: str = "lavender") -> Session | None:
        return next((s for s in self.conductor.sessions() if s.room == room and s.state in LIVE), None)

    def phase(self, room: str = "lavender") -> str | None:
        return self.room(room).phase_id

    async def until(self, phase: str, room: str = "lavender", inside: float = 1.0) -> None:
        """Let time pass to `inside` seconds after the planned start of a phase of the live session."""
        live = self.live(room)
        assert live is not None
        span = next(span for span in live.sheet.spans if span.phase == phase)
        await self.run((live.at(span.start + inside) - self.clock.now()).total_seconds())

    def types(self, room: str | None = None) -> list[str]:
        return [news.type for news in self.news if room is None or news.room == room]

    def scent(self, room: str = "lavender") -> list[Scented]:
        """What the room's diffusers were told."""
        said = [told for told in self.told if told.room == room]
        return [Scented(told.at, told.device, told.wanted) for told in said if isinstance(told.wanted, DiffuserWanted)]

    def diffusing(self, room: str = "lavender") -> bool:
        return bool(self.actual(room, "diffuser")["on"])

    def actual(self, room: str, device: str) -> dict[str, Any]:
        """What a simulated device really is now."""
        return self.twins[room, device].at(self.clock.now().timestamp())

    def _answers(self, room: str, device: str) -> bool | None:
        return False if (room, device) in self.offline else None

    def _send(self, room: str, device: str, wanted: tuple[Wanted, ...], glide: bool, hurry: bool) -> None:
        for each in wanted:
            self.told.append(Told(self.clock.now(), room, device, each, glide, hurry, self.clock.monotonic()))
            if (room, device) not in self.offline:
                self.twins[room, device].apply(each, self.clock.now().timestamp())


def played(
    scenario: Callable[[House], Awaitable[T]],
    rooms: Iterable[Room] = ROOMS,
    store: Store | None = None,
    at: Instant | None = None,
    limits: Limits | None = None,
    link: bool = True,
    look: float = 1800.0,
    duress: Literal["silent", "bright"] = "silent",
) -> T:
    """Play a scenario in a house of its own and let go of everything after it."""

    async def run() -> T:
        house = House(a_site(*rooms, limits=limits, duress=duress), store or MemoryStore(), ManualClock(at) if at else ManualClock())
        house.link = link
        with patch("ambiance.session.conductor.LOOK", look), capture_logs() as house.logs:
            await house.start()
            try:
                return await scenario(house)
            finally:
                await house.conductor.stop()
                house.store.close()

    return asyncio.run(run())


def on_disk(folder: Path) -> SqlStore:
    """A store in a SQLite file."""
    return SqlStore(f"sqlite:///{folder}/ambiance.db", "harbour")
