"""Examining a house before guests do: broker, devices, rooms, machine and store, worst first."""

from ambiance.doctor.complaint import Complaint, Grade
from ambiance.doctor.examine import examine

__all__ = ["Complaint", "Grade", "examine"]
