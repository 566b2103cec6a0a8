"""What the room will do: compile, re-plan, evaluate."""

from ambiance.cuesheet.compile import compile_sheet as compile_sheet
from ambiance.cuesheet.fades import least_fade as least_fade
from ambiance.cuesheet.model import FOREVER as FOREVER
from ambiance.cuesheet.model import Cue as Cue
from ambiance.cuesheet.model import Dose as Dose
from ambiance.cuesheet.model import Hand as Hand
from ambiance.cuesheet.model import LightLevel as LightLevel
from ambiance.cuesheet.model import Scene as Scene
from ambiance.cuesheet.model import Sheet as Sheet
from ambiance.cuesheet.model import SoundLevel as SoundLevel
from ambiance.cuesheet.model import Span as Span
from ambiance.cuesheet.model import Tuning as Tuning
from ambiance.cuesheet.order import Order as Order
from ambiance.cuesheet.pieces import dba_of as dba_of
from ambiance.cuesheet.pieces import pieces as pieces
from ambiance.cuesheet.pieces import volume_of as volume_of
from ambiance.cuesheet.scene import next_change as next_change
from ambiance.cuesheet.scene import room_dba as room_dba
from ambiance.cuesheet.scene import room_lux as room_lux
from ambiance.cuesheet.scene import scene_at as scene_at
