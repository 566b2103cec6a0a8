"""Forms that pages send: read once, and believed only if they come from a page of ours."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from ambiance.errors import Invalid
from ambiance.panel.door import STRANGERS, whole_body
from ambiance.panel.guard import own_origin
from ambiance.panel.identity import Caller
from ambiance.panel.identity.cookies import read
from ambiance.panel.identity.secrets import csrf
from ambiance.panel.refusals import NoProof, WrongMedia

FIELDS = 100
LONGEST = 10_000


async def form(request: Request, caller: Caller | None = None) -> Mapping[str, str]:
    """The fields of a form of `caller`, or of somebody not signed in.

    Raises NoProof, WrongMedia, TooLarge, TooSlow; Invalid for what is no form.
    """
    media = request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise WrongMedia(media)
    raw = await whole_body(request, STRANGERS)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise Invalid(("body", f"{len(raw)} bytes", "the fields of a form")) from None
    fields = {name: value[:LONGEST] for name, value in pairs}
    held = read(request, "form")
    wanted = caller.csrf if caller is not None else csrf(held) if held is not None else ""
    if not wanted or not own_origin(request) or not hmac.compare_digest(fields.get("csrf", "").encode("utf-8", "replace"), wanted.encode()):
        raise NoProof
    return fields
