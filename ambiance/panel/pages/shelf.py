"""The static files: read once, packed once, and called by an address that changes with what they hold."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ambiance.panel.packing import WORTH_PACKING, packed, packs
from ambiance.panel.refusals import NoSuchPath

FOLDER = Path(__file__).parent / "static"
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""What is served; a file of another kind stays where it is."""


TOKENS = "tokens.css"
"""What every page's style sheet begins with; a file of its own would be one more thing to wait for."""


@dataclass(frozen=True, slots=True)
class _File:
    media: str
    plain: bytes
    packed: bytes | None


class Shelf:
    """Everything under `folder`, in memory. One version stands for all, so that modules may import each other by plain names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        found = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA and path.is_file())
        tokens = folder / TOKENS
        shared = tokens.read_bytes() if tokens.exists() else b""
        self._files = {
            path.relative_to(folder).as_posix(): _file(path, shared if path.suffix == ".css" and path != tokens else b"") for path in found
        }
        whole = sha256(b"".join(name.encode() + b"\0" + file.plain for name, file in self._files.items()))
        self.version = whole.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a file is. Raises KeyError for one that is not there: a fault of the template."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        """The file; for ever under its version, and only now under an older one, for pages that were open before an update."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise NoSuchPath(request.scope["path"])
        current = request.path_params["version"] == self.version
        headers = {"Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache", "Vary": "Accept-Encoding"}
        if file.packed is not None and packs(request):
            return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media)
        return Response(file.plain, headers=headers, media_type=file.media)


def _file(path: Path, before: bytes) -> _File:
    plain = before + path.read_bytes()
    small = packed(plain, 9) if len(plain) >= WORTH_PACKING and path.suffix != ".png" else None
    return _File(MEDIA[path.suffix], plain, small)
