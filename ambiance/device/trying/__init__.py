"""Trying a device: walking it through its range and times, and saying what it really did."""

from ambiance.device.trying.bench import Bench, Ear, Interrupted
from ambiance.device.trying.candidates import Candidates
from ambiance.device.trying.direct import direct
from ambiance.device.trying.line import Line, Verdict
from ambiance.device.trying.trials import Trial, TrialKind, Trials
from ambiance.device.trying.walk import off, walk

__all__ = ["Bench", "Candidates", "Ear", "Interrupted", "Line", "Trial", "TrialKind", "Trials", "Verdict", "direct", "off", "walk"]
