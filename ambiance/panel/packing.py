"""What goes to a browser, smaller, where it says it takes that."""

import gzip

from starlette.requests import Request
from starlette.responses import Response

WORTH_PACKING = 400
"""Bytes below which packing saves nothing."""


def packs(request: Request) -> bool:
    """Whether the browser takes gzip."""
    offers = (part.strip().lower().replace(" ", "") for part in request.headers.get("accept-encoding", "").split(","))
    return any(offer == "gzip" or (offer.startswith("gzip;") and not offer.endswith("q=0")) for offer in offers)


def packed(content: bytes, level: int = 6) -> bytes:
    """The same bytes for the same content, whenever it is packed."""
    return gzip.compress(content, level, mtime=0)


def packing(request: Request, response: Response) -> Response:
    """`response`, packed if the browser takes it and it is worth it. Of a hundred kilobytes it takes a millisecond or two: off the loop."""
    response.headers["Vary"] = "Accept-Encoding"
    if len(response.body) >= WORTH_PACKING and packs(request):
        response.body = packed(bytes(response.body), 4)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response
