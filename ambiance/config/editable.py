"""The settings that people change from a page, each with what may be said; rooms and music are changed beside these."""

from dataclasses import dataclass
from typing import Literal

Who = Literal["manager", "admin"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of config.yaml. `either` is yes, no, or left to the rest; a `time` an hour such as 18:00.

    `who`: the ceilings that keep guests safe and private are an admin's.
    """

    path: str
    kind: Literal["text", "number", "whole", "choice", "flag", "either", "time"]
    default: str | float | bool | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    options: tuple[str, ...] = ()
    who: Who = "manager"


FIELDS: tuple[Field, ...] = (
    Field("site.name", "text", high=80),
    Field("site.setting", "choice", "spa", options=("spa", "clinical")),
    Field("site.scent_policy", "choice", "allowed", options=("allowed", "free"), who="admin"),
    Field("site.duress", "choice", "silent", options=("silent", "bright"), who="admin"),
    Field("limits.light_max_lux", "number", 5000.0, 20, 5000, "lx", who="admin"),
    Field("limits.light_max_l_step", "number", 20.0, 1, 20, "L*", who="admin"),
    Field("limits.light_max_mired_s", "number", 5.0, 0.5, 5, "mired/s", who="admin"),
    Field("limits.dim_below_lux", "number", 50.0, 50, 500, "lx", who="admin"),
    Field("limits.dim_max_kelvin", "number", 3000.0, 1800, 3000, "K", who="admin"),
    Field("limits.supine_max_percent", "number", 5.0, 0, 5, "%", who="admin"),
    Field("limits.sound_max_dba", "number", 60.0, 30, 60, "dBA", who="admin"),
    Field("limits.sound_max_db_s", "number", 6.0, 0.5, 6, "dB/s", who="admin"),
    Field("limits.scent_minutes_per_session", "number", 45.0, 0, 45, "minutes", who="admin"),
    Field("limits.scent_minutes_per_day", "number", 120.0, 0, 240, "minutes", who="admin"),
    Field("limits.scent_minutes_per_therapist", "number", 120.0, 0, 240, "minutes", who="admin"),
    Field("limits.scent_run_minutes", "number", 30.0, 1, 30, "minutes", who="admin"),
    Field("limits.scent_stop_minutes", "number", 15.0, 15, 60, "minutes", who="admin"),
    Field("limits.scent_max_ug_m3", "number", 300.0, 10, 300, "µg/m³", who="admin"),
    Field("evening.enabled", "either"),
    Field("evening.from", "time", "18:00"),
    Field("evening.until", "time", "04:00"),
    Field("evening.melanopic_max_lux", "number", 10.0, 1, 10, "lx"),
    Field("evening.return_max_kelvin", "number", 3000.0, 1800, 3000, "K"),
    Field("retention.sessions_days", "whole", 30, 1, 3650, "days", who="admin"),
    Field("retention.courses_days", "whole", 180, 1, 3650, "days", who="admin"),
    Field("retention.care_hours", "whole", 24, 0, 24, "hours", who="admin"),
)
"""In the order of the file. Ranges are those of the reader; a test holds both together."""
