"""The agent beside a room's MPD: it speaks our native player dialect and makes MPD fade, cross over and fall silent well."""

from ambiance.player.agent import Agent, Asked
from ambiance.player.decks import DeckNow, Decks, MpdDecks
from ambiance.player.folders import Folder, Piece, Selection, Shelf
from ambiance.player.playlog import PlayLog
from ambiance.player.wire import Broker, Wire

__all__ = ["Agent", "Asked", "Broker", "DeckNow", "Decks", "Folder", "MpdDecks", "Piece", "PlayLog", "Selection", "Shelf", "Wire"]
