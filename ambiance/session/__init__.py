"""A cue sheet being played: rows, the conductor, the store, the timer."""

from ambiance.session.conductor import Conductor as Conductor
from ambiance.session.model import News as News
from ambiance.session.model import RoomState as RoomState
from ambiance.session.model import Session as Session
from ambiance.session.model import SessionState as SessionState
from ambiance.session.timer import CalendarTimer as CalendarTimer
from ambiance.session.timer import ClockTimer as ClockTimer
