"""Every verb in every state of a session and at every phase of three rooms: legal ones do their deed, the others say why not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import get_args

import pytest

from ambiance.cuesheet.model import LightLevel, SoundLevel
from ambiance.errors import Conflict, IllegalMove, Invalid, Unknown
from ambiance.panel.public import answer_payload, event_payload
from ambiance.session.model import LIVE, RoomState, SessionState
from ambiance.session.wishes import Act, RoomNow, Verb
from ambiance.site import Room
from tests.session.house_fixtures import LAVENDER, MINUTE, OAK, ROSE, House, MemoryStore, a_room, library, played

S = SessionState
VERBS: tuple[Verb, ...] = get_args(Verb)
BECOMES: dict[Verb, dict[SessionState, SessionState]] = {
    "pause": {S.RUNNING: S.PAUSED},
    "resume": {S.PAUSED: S.RUNNING},
    "stay": {S.RUNNING: S.RUNNING, S.OVERRUN: S.RUNNING},
    "extend": {S.RUNNING: S.RUNNING, S.OVERRUN: S.RUNNING},
    "advance": {S.PREPARING: S.RUNNING, S.WAITING: S.RUNNING, S.RUNNING: S.RUNNING, S.OVERRUN: S.DONE, S.ENDING: S.ENDING},
    "end": {S.RUNNING: S.ENDING, S.PAUSED: S.ENDING, S.OVERRUN: S.DONE, S.ENDING: S.DONE},
    "cancel": {S.SCHEDULED: S.CANCELLED, S.PREPARING: S.CANCELLED, S.WAITING: S.CANCELLED},
    "move": {S.SCHEDULED: S.SCHEDULED, S.PREPARING: S.PREPARING, S.WAITING: S.WAITING, S.RUNNING: S.RUNNING, S.PAUSED: S.PAUSED},
}


async def bring(house: House, state: SessionState) -> str:
    """A session in `rose`, whose borders wait for hands, brought to `state`."""
    if state in (S.SCHEDULED, S.PREPARING, S.WAITING):
        id = await house.begin("rose", at=house.clock.now() + timedelta(minutes=30), care=(), scent=True)
        await house.run({S.SCHEDULED: 60, S.PREPARING: 25 * MINUTE, S.WAITING: 31 * MINUTE}[state])
    else:
        id = await house.begin("rose", care=(), scent=True)
        await house.run(2 * MINUTE)
        if state is S.PAUSED:
            await house.act("pause", id)
        elif state in (S.ENDING, S.DONE):
            await house.act("end", id)
            if state is S.DONE:
                await house.act("end", id)
        elif state is S.CANCELLED:
            await house.act("end", id)
            await house.act("end", id)
            id = await house.begin("rose", at=house.clock.now() + timedelta(hours=3))
            await house.act("cancel", id)
        elif state is S.OVERRUN:
            while house.phase("rose") != "redress":
                await house.act("advance", id)
            session = house.session(id)
            await house.run(session.sheet.end - session.offset(house.clock.now()) + 1)
    assert house.state(id) is state
    return id


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_does_what_it_says_or_names_the_state_that_forbids_it(verb: Verb, state: SessionState) -> None:
    async def scenario(house: House) -> None:
        id = await bring(house, state)
        to = "lavender" if verb == "move" else None
        wanted = BECOMES[verb].get(state)
        before = house.session(id)
        news = len(house.news)
        if wanted is None:
            with pytest.raises(IllegalMove) as caught:
                await house.act(verb, id, to=to)
            assert str(caught.value).startswith(f"cannot {verb} while {state}")
            assert caught.value.extra == {"state": state.value}
            for legal in VERBS:
                assert (legal in str(caught.value).partition("possible now:")[2]) == (state in BECOMES[legal])
            assert house.session(id) == before
            assert len(house.news) == news
            return
        answer = await house.act(verb, id, to=to)
        assert answer.status == 200
        assert answer.body["state"] == wanted.value == house.state(id).value
        assert len(house.news) > news
        assert house.session(id).room == (to or "rose")

    played(scenario)


def test_a_verb_needs_a_session_and_sound_minutes() -> None:
    async def scenario(house: House) -> None:
        with pytest.raises(Unknown, match="session"):
            await house.act("pause", "nobody")
        with pytest.raises(Unknown, match="room"):
            await house.act("pause", room="attic")
        with pytest.raises(IllegalMove, match="cannot pause while ready"):
            await house.act("pause", room="rose")
        id = await house.begin()
        for minutes in (0, -5, 121):
            for verb in ("stay", "extend"):
                with pytest.raises(Invalid, match="whole minutes from 1 to 120"):
                    await house.act(verb, id, minutes=minutes)
        with pytest.raises(Unknown, match="attic"):
            await house.act("move", id, to="attic")
        with pytest.raises(Conflict, match="already"):
            await house.act("move", id, to="lavender")

    played(scenario)


def test_a_room_s_own_verbs_mean_its_live_session_or_the_next_one_to_cancel() -> None:
    async def scenario(house: House) -> None:
        later = await house.begin("rose", at=house.clock.now() + timedelta(hours=2))
        with pytest.raises(IllegalMove, match="cannot end while ready"):
            await house.act("end", room="rose")
        live = await house.begin("rose")
        assert (await house.act("pause", room="rose")).body["id"] == live
        await house.act("end", room="rose")
        await house.act("end", room="rose")
        assert (await house.act("cancel", room="rose")).body["id"] == later
        assert "rose" not in {s.room for s in house.conductor.sessions()}

    played(scenario)


THREE_ROOMS = [
    pytest.param(LAVENDER, "spa/swedish", id="spa under clock"),
    pytest.param(ROSE, "spa/swedish", id="spa under hands"),
    pytest.param(OAK, "clinical/myofascial_release", id="clinical under hands"),
]


async def through(house: House, room: Room, profile: str, deed: Callable[[str, str], Awaitable[None]]) -> list[str]:
    """A session walked phase by phase with `advance`; at each phase `deed(session, phase)` is done to a house of its own."""
    id = await house.begin(room.id, profile, 60, care=(), scent=True)
    seen: list[str] = []
    while house.live(room.id) is not None:
        await house.run(40)
        phase = house.phase(room.id)
        assert phase is not None and phase not in seen
        seen.append(phase)
        await deed(id, phase)
        if house.live(room.id) is not None:
            await house.act("advance", id)
    return seen


@pytest.mark.parametrize(("room", "profile"), THREE_ROOMS)
def test_advance_walks_through_every_phase_and_ends_in_the_last(room: Room, profile: str) -> None:
    async def scenario(house: House) -> None:
        async def ends_no_later(id: str, phase: str) -> None:
            # The end stays while there is a phase that can grow, and comes forward only when there is none.
            session = house.session(id)
            ahead = [span for span in session.sheet.spans if span.n and span.start > session.offset(house.clock.now())]
            growing = any(span.floor < span.planned for span in ahead)
            assert session.sheet.end <= 3600.001
            if growing:
                assert session.sheet.end == pytest.approx(3600, abs=0.01)

        seen = await through(house, room, profile, ends_no_later)
        planned = [step.phase for step in house.library.get(profile).steps(60)]
        assert seen == planned
        assert house.room(room.id).state in (RoomState.AIRING, RoomState.CLEANING)

    played(scenario)


@pytest.mark.parametrize(("room", "profile"), THREE_ROOMS)
@pytest.mark.parametrize("verb", ["pause", "stay", "extend", "end", "move"])
def test_every_verb_keeps_its_word_at_every_phase(verb: Verb, room: Room, profile: str) -> None:
    phases = [step.phase for step in library().get(profile).steps(60)]

    async def scenario(house: House) -> None:
        for phase in phases:
            await once(house, phase)

    async def once(house: House, phase: str) -> None:
        id = await house.begin(room.id, profile, 60, care=(), scent=True)
        while house.phase(room.id) != phase:
            await house.run(20)
            await house.act("advance", id)
        await house.run(45)
        before = house.session(id)
        now = before.offset(house.clock.now())
        here = house.room(room.id)
        answer = await house.act(verb, id, minutes=10 if verb in ("stay", "extend") else None, to="spare" if verb == "move" else None)
        after = house.session(id)
        # Whatever people decide, the room stands for this instant where it stood.
        there = house.room(after.room if after.state in LIVE else room.id)
        if verb != "move":
            assert felt(there) == felt(here)
        if verb == "pause":
            assert answer.body["state"] == "paused"
            await house.run(7 * MINUTE)
            assert house.phase(room.id) == phase
            resumed = await house.act("resume", id)
            assert resumed.body["end_moved_s"] == 420
            assert house.session(id).sheet.end == pytest.approx(before.sheet.end + 420)
            assert house.phase(room.id) == phase
        elif verb == "stay":
            assert after.sheet.end >= before.sheet.end - 0.01
            moved = after.sheet.end - before.sheet.end
            assert answer.body.get("end_moved_s", 0) == round(moved)
            assert house.phase(room.id) == phase
        elif verb == "extend":
            assert after.sheet.end == pytest.approx(before.sheet.end + 600)
            # Scent gains nothing by it.
            assert sum(d.minutes for d in after.sheet.doses) <= sum(d.minutes for d in before.sheet.doses) + 1e-6
        elif verb == "end":
            if phase == phases[-1]:
                assert after.state is S.DONE
            else:
                assert after.state is S.ENDING
                left = [span.phase for span in after.sheet.spans if span.n and span.end > now]
                assert left in (["return", "redress"], ["redress"])
                if left[0] == "return" and phase != "return":
                    assert next(s for s in after.sheet.spans if s.phase == "return").length == 60
                await house.run(after.sheet.end - now + 1)
                assert house.state(id) is S.DONE
        elif verb == "move":
            assert after.room == "spare"
            assert house.phase("spare") == phase
            assert house.room(room.id).state in (RoomState.AIRING, RoomState.CLEANING)
            assert after.sheet.end == pytest.approx(before.sheet.end)
        await finish(house, id)

    played(scenario, rooms=(room, a_room("spare", setting=room.setting, borders=room.borders)), store=MemoryStore())


def felt(room: RoomNow) -> list[float]:
    """Light and loudness of a scene: a colour or a piece of music changes from one moment to the next."""
    levels = room.scene.levels.values()
    lamps = [value for level in levels if isinstance(level, LightLevel) for value in (level.lstar, level.mired)]
    return lamps + [level.dba for level in levels if isinstance(level, SoundLevel)]


async def finish(house: House, id: str) -> None:
    while house.state(id) in LIVE:
        if house.state(id) is S.PAUSED:
            await house.act("resume", id)
        await house.act("end", id)


def test_who_moves_the_end_says_so_on_the_bus_too() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=60)
        for verb, minutes in (("stay", 60), ("extend", 10), ("advance", None)):
            before = house.session(id).sheet.end
            answer = await house.wish(Act(verb, id, minutes=minutes))  # type: ignore[arg-type]
            moved = round(house.session(id).sheet.end - before)
            told = event_payload([news for news in house.news if news.session == id and news.type != "phase_began"][-1])
            assert (told.get("end_moved_s", 0), answer_payload(answer.body).get("end_moved_s", 0)) == (moved, moved)
            assert moved > 0 or verb == "advance"

    played(scenario)
