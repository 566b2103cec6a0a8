"""The private form of a house: intake.yaml of its library, which may be missing."""

from pathlib import Path

from ambiance.care.intake import Intake, read_intake
from ambiance.errors import FileError, ProfileError
from ambiance.yaml import load

NAME = "intake.yaml"


def load_intake(folder: Path) -> Intake:
    """The questions in a library's folder; none where it has no such file. Raises ProfileError with every fault of it."""
    path = folder / NAME
    if not path.exists():
        return Intake()
    try:
        return read_intake(load(path, f"{folder.resolve().name}/{NAME}"))
    except FileError as error:
        raise ProfileError(error.faults) from None
