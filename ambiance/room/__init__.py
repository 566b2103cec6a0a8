"""What is believed true of each room."""

from ambiance.room.belief import DeviceBelief, RoomBelief
from ambiance.room.board import Board
from ambiance.room.faults import faults, name_of, room_faults
from ambiance.room.unconfirmed import unconfirmed

__all__ = ["Board", "DeviceBelief", "RoomBelief", "faults", "name_of", "room_faults", "unconfirmed"]
