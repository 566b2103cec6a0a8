"""The calls about courses: several visits of one guest in one atmosphere, under a reference that means nothing."""

import re
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from ambiance.errors import Invalid, Unknown
from ambiance.panel.bodies import Nothing
from ambiance.panel.door import Door, reply
from ambiance.panel.reportview import visit_view
from ambiance.panel.seams import Records
from ambiance.panel.views import Json, stamp
from ambiance.session.courses import visits
from ambiance.session.model import Course
from ambiance.session.past import ALPHABET
from ambiance.session.wishes import CloseCourse, OpenCourse
from ambiance.site import Site

_REFERENCE = re.compile(f"[{ALPHABET}]{{10}}")


class CourseCalls:
    """Handlers of `/courses…`."""

    def __init__(self, door: Door, records: Records) -> None:
        self._door, self._records = door, records

    async def open(self, request: Request) -> Response:
        token = await self._door.writer(request, "course")
        body = await self._door.body(request, Nothing)
        return await self._door.wish(request, token, OpenCourse(), body)

    async def one(self, request: Request) -> Response:
        await self._door.reader(request, "course")
        id = reference(request)
        found = await self._door.off_loop(self._records.course, id)
        if found is None:
            raise Unknown("course", id)
        return reply(course_view(found, self._door.site))

    async def close(self, request: Request) -> Response:
        token = await self._door.writer(request, "erase")
        return await self._door.wish(request, token, CloseCourse(reference(request)), Nothing())


def reference(request: Request) -> str:
    """The course in the path, in any case. Raises Invalid."""
    id = str(request.path_params["course"])
    if not _REFERENCE.fullmatch(id.upper()):
        raise Invalid(("course", id, "the ten letters and digits of a course"))
    return id.upper()


def course_view(course: Course, site: Site) -> Json:
    """All that is kept of a course."""
    return {
        "course": course.id,
        "profile": course.body.get("profile"),
        "minutes": course.body.get("minutes"),
        "kept_until": stamp(course.used_at + timedelta(days=site.retention.courses_days)),
        "set_points": dict(course.body.get("phases", {})),
        "trims": dict(course.body.get("trims", {})),
        "visits": [visit_view(visit) for visit in visits(course)],
    }
