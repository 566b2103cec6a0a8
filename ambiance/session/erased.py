"""A guest wants to be forgotten: a session is erased, at once or as soon as it is over."""

from dataclasses import replace
from secrets import token_hex

from ambiance.errors import Unknown
from ambiance.session.courses import dropped
from ambiance.session.house import Turn
from ambiance.session.model import LIVE, Session, SessionState
from ambiance.session.wishes import Answer


def erase(turn: Turn, id: str, found: Session | None) -> Answer:
    """Raises Unknown. `found` is the session as the store has it, where it is older than a day."""
    session = turn.session(id) or found
    if session is None or id in turn.erased:
        raise Unknown("session", id)
    if session.state in LIVE or session.state is SessionState.SCHEDULED:
        # Its needs are heeded to the end: forgetting them now could harm the very guest who asks.
        turn.sessions[id] = replace(session, erase=True)
        return Answer(202, {"id": id, "state": str(session.state), "erased": False})
    gone(turn, session)
    return Answer(200, {"id": id, "state": str(session.state), "erased": True})


def due(turn: Turn) -> None:
    """Erase what was to be erased when it was over, and is."""
    for session in turn.house.sessions.values():
        now = turn.sessions.get(session.id, session)
        if now.erase and now.ended_at is not None:
            gone(turn, now)


def gone(turn: Turn, session: Session) -> None:
    """The session is no more. What it diffused is still in the air, and becomes nobody's."""
    nobody = token_hex(8)
    for dose in turn.doses_in(session.room):
        if dose.session == session.id:
            turn.put_dose(replace(dose, session=nobody))
    for place, key in {**turn.house.keys, **turn.keys}.items():
        if key.answer.get("id") == session.id:
            turn.keys[place] = replace(key, answer={"erased": True})
    dropped(turn, session, erased=True)
    turn.erased[session.id] = None
    turn.tell("record_erased", turn.now)
