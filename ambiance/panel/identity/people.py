"""Staff accounts: a name, a role and a PIN that is kept only as its argon2id hash."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from ambiance.clock import Instant
from ambiance.errors import Conflict, Invalid, Unknown
from ambiance.panel.identity.audit import Audit
from ambiance.panel.identity.caller import STAFF_ROLES, StaffRole
from ambiance.panel.identity.pins import Pins
from ambiance.panel.identity.secrets import id_of
from ambiance.session.database import migrate, trouble, writing
from ambiance.session.rows import shape
from ambiance.session.tables import signins, staff


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    id: str
    name: str
    role: StaffRole
    created_at: Instant


class People:
    """The staff of one site. Every method may block; raises StoreUnavailable."""

    def __init__(self, engine: sa.Engine, site: str, audit: Audit, pins: Pins) -> None:
        self._engine, self._site, self._audit, self.pins = engine, site, audit, pins

    def all(self) -> Sequence[Person]:
        """Everybody, by name."""
        return [person for person, _ in self._found(sa.true())]

    def one(self, id: str) -> Person:
        """Raises Unknown."""
        found = self._found(staff.c.id == id)
        if not found:
            raise Unknown("staff", id)
        return found[0][0]

    def nobody(self) -> bool:
        """Whether there is no account yet."""
        with trouble(), self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(staff).where(staff.c.site == self._site)) == 0

    def add(self, name: str, role: str, pin: str, by: str, now: Instant, only_first: bool = False) -> Person:
        """A new account. Makes the tables if there are none.

        Raises Invalid for a name, role or PIN that cannot be; Conflict for a name that is taken, or where `only_first` and
        there is somebody already.
        """
        name = _name(name)
        if role not in STAFF_ROLES:
            raise Invalid(("role", role, f"one of {', '.join(STAFF_ROLES)}"))
        hashed = self.pins.hash(pin, name)
        migrate(self._engine)
        person = Person(id_of("p"), name, role, now)
        values = {"site": self._site, "id": person.id, "name": name, "folded": folded(name), "role": role, "pin": hashed, "created_at": now}
        try:
            with writing(self._engine) as connection:
                if only_first and connection.scalar(sa.select(sa.func.count()).select_from(staff).where(staff.c.site == self._site)):
                    raise Conflict("there is an account already; sign in, or ask whoever has it")
                connection.execute(sa.insert(staff), values)
                self._audit.within(connection, now, by, "staff-added", _called(person), {}, {"name": name, "role": role})
        except exc.IntegrityError:
            raise Conflict(f"somebody is called {name[:80]!r} already; choose another name") from None
        return person

    def remove(self, id: str, by: str, now: Instant) -> tuple[str, ...]:
        """The account goes, with its sign-ins, whose ids are returned. Raises Unknown; Conflict for the last admin."""
        person = self.one(id)
        with writing(self._engine) as connection:
            self._keep_an_admin(connection, id)
            gone = self._signins(connection, id)
            connection.execute(sa.delete(staff).where(staff.c.site == self._site, staff.c.id == id))
            self._audit.within(connection, now, by, "staff-removed", _called(person), {"name": person.name, "role": person.role}, {})
        return gone

    def change_role(self, id: str, role: str, by: str, now: Instant) -> Person:
        """Raises Invalid, Unknown; Conflict for the last admin."""
        if role not in STAFF_ROLES:
            raise Invalid(("role", role, f"one of {', '.join(STAFF_ROLES)}"))
        person = self.one(id)
        with writing(self._engine) as connection:
            if role != "admin":
                self._keep_an_admin(connection, id)
            connection.execute(sa.update(staff).where(staff.c.site == self._site, staff.c.id == id).values(role=role))
            self._audit.within(connection, now, by, "staff-role", _called(person), {"role": person.role}, {"role": role})
        return self.one(id)

    def change_pin(self, id: str, pin: str, by: str, now: Instant, but: str | None = None) -> tuple[str, ...]:
        """A new PIN ends the person's sign-ins (all `but` that one); their ids are returned. Raises Invalid, Unknown."""
        person = self.one(id)
        hashed = self.pins.hash(pin, person.name)
        with writing(self._engine) as connection:
            connection.execute(sa.update(staff).where(staff.c.site == self._site, staff.c.id == id).values(pin=hashed))
            gone = self._signins(connection, id, but)
            self._audit.within(connection, now, by, "staff-pin", _called(person))
        return gone

    def prove(self, name: str, pin: str) -> Person | None:
        """Whose name and PIN these are; takes as long for a name that nobody has."""
        found = self._found(staff.c.folded == folded(name))
        person, kept = found[0] if found else (None, None)
        return person if self.pins.fits(kept, pin) else None

    def prove_again(self, id: str, pin: str) -> bool:
        """Whether it is this person's PIN."""
        found = self._found(staff.c.id == id)
        return self.pins.fits(found[0][1] if found else None, pin)

    def _keep_an_admin(self, connection: sa.Connection, id: str) -> None:
        others = sa.select(sa.func.count()).select_from(staff)
        mine = (staff.c.site == self._site) & (staff.c.role == "admin")
        if connection.scalar(others.where(mine, staff.c.id == id)) and not connection.scalar(others.where(mine, staff.c.id != id)):
            raise Conflict("this is the last admin; make somebody else admin first")

    def _signins(self, connection: sa.Connection, id: str, but: str | None = None) -> tuple[str, ...]:
        where = (signins.c.site == self._site) & (signins.c.staff == id) & (signins.c.id != (but or ""))
        gone = tuple(connection.execute(sa.select(signins.c.id).where(where)).scalars())
        connection.execute(sa.delete(signins).where(where))
        return gone

    def _found(self, where: sa.ColumnElement[bool]) -> list[tuple[Person, str]]:
        query = sa.select(staff).where(staff.c.site == self._site, where).order_by(staff.c.folded)
        with trouble(), self._engine.connect() as connection:
            found = connection.execute(query).mappings().all()
        read = shape(Person).validate_python
        return [(read({key: row[key] for key in ("id", "name", "role", "created_at")}), str(row["pin"])) for row in found]


def folded(name: str) -> str:
    """A name as it is compared: without what no name holds, and no database takes."""
    return "".join(filter(str.isprintable, " ".join(name.split()))).casefold()[:120]


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid(("name", name, "1 to 80 printable characters"))
    return name


def _called(person: Person) -> str:
    return f"{person.name} ({person.id})"
