"""A copy of the shipped profiles that a test may write into."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ambiance.errors import ProfileError
from ambiance.profile import Library

SHIPPED = Path(__file__).parents[2] / "profiles"


@dataclass
class Shelf:
    """A copy of the shipped profiles in a folder named `profiles`."""

    folder: Path

    def write(self, path: str, text: str | bytes) -> None:
        file = self.folder / path
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def load(self) -> Library:
        return Library.load(self.folder)

    def complaints(self) -> list[str]:
        """Every fault of the folder as its sentence."""
        with pytest.raises(ProfileError) as caught:
            self.load()
        return [str(fault) for fault in caught.value.faults]
