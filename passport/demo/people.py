"""The people of the demo city, its organisations, and who acts for them."""

from __future__ import annotations

import datetime as dt

from flask import current_app

from ..accounts import rules as age
from ..accounts.factor_models import SecondFactor
from ..accounts.models import Account, Passport
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..organisations import accreditation, minors
from ..organisations import rules as checks
from ..organisations import service as organisations
from ..seal import seal
from .days import Days, Line, at_hour, later

# A check lasts twelve months at most; it is seen again some weeks before, the last time a hundred days ago.
YEAR, CHECKED_EVERY, CHECKED_LAST, ENDS_SOON = 365, 345, 100, 330
# Where whoever tries the demo finds the accreditation charter still to accept.
LEFT_TO_ACCEPT = "mediatheque-mandela"


class People(Days):
    """Everybody who is there, and in which role."""

    def plan_people(self) -> None:
        """Everybody opens their passport."""
        for line in self.data["people"]:
            self.event(self.opened(line["key"]), self.open_passport, line)

    def open_passport(self, line: Line, at: dt.datetime) -> None:
        """Open an account as signing up does: there the passphrase would be hashed once for each."""
        birth = line["birth"] and later(dt.date(line["birth"]["year"], line["birth"]["month"], 1), self.moved)
        band = age.band(birth.year, birth.month, day_of(at)) if birth else age.Band.ADULT
        account = Account(
            id=uuid7(), identifier=line["identifier"], email=line["email"], display_name=line["display_name"],
            password_hash=self.password_hash, language="fr", created_at=at, last_active_on=self.today,
        )
        db.session.add(account)
        db.session.flush()
        db.session.add(Passport(
            learner_id=account.id, birth_year=birth.year if birth else None,
            birth_month=birth.month if birth else None, in_statistics=band in {age.Band.YOUTH, age.Band.ADULT},
        ))
        db.session.flush()
        self.ids[line["key"]] = account.id

    def plan_organisations(self) -> None:
        """The city opens; the coordination adds organisations and accredits most of them."""
        self.event(self.in_month(self.data["city"]["since"], 2), self.open_city)
        for line in self.data["organisations"]:
            self.event(self.in_month(line["requested"], 4), self.add_organisation, line)
            if line["accredited"]:
                self.event(self.in_month(line["accredited"], 8), self.accredit, line)
            if "suspended" in line:
                self.event(self.in_month(line["suspended"], 12), self.suspend, line)

    def open_city(self, at: dt.datetime) -> None:
        """The city has its own organisation."""
        self.organisations["city"] = organisations.city_organisation(current_app.config["CITY"].name, at)

    def add_organisation(self, line: Line, at: dt.datetime) -> None:
        """The coordination adds an organisation."""
        draft = organisations.OrganisationDraft(
            name=line["name"], kind=line["kind"], sector=line["sector"], address=line["address"],
            phone=line["phone"], email=line["email"], wants_minors=line["minors_state"] != "none",
        )
        self.organisations[line["key"]] = organisations.add_organisation(draft, self.ids["sofia"], at)

    def accredit(self, line: Line, at: dt.datetime) -> None:
        """The coordination accredits it, and it gets its joining code."""
        body = self.organisations[line["key"]]
        organisations.accredit(body, self.ids["sofia"], at)
        db.session.refresh(body)
        organisations.new_join_code(body, at)

    def suspend(self, line: Line, at: dt.datetime) -> None:
        """The coordination suspends it."""
        organisations.suspend(self.organisations[line["key"]], self.ids["sofia"], at)

    def plan_roles(self) -> None:
        """Roles are given, charters accepted, checks seen; learners join on the spot."""
        for person in self.data["people"]:
            for role in person["roles"]:
                self.plan_role(person["key"], role)
            for key in person["joined"]:
                self.event(self.opened(person["key"]) + dt.timedelta(days=1), self.join, person["key"], key)
        for line in self.data["invitations"]:
            self.event(self.ago(line["made_days_ago"], 11, line["note"]), self.invite, line)

    def plan_role(self, who: str, line: Line) -> None:
        """Somebody is invited by whoever answers for it, accepts, and is checked year after year."""
        house, kind = line["organisation"], line["role"]
        by = None if kind == "coordinator" else "sofia" if kind == "manager" else self.manager_of(house)
        begins = self.in_month(line["since"], {"coordinator": 3, "manager": 9}.get(kind, 15))
        self.event(begins, self.give_role, who, line, by)
        if kind == "facilitator":
            self.event(begins + dt.timedelta(days=1), self.accept_charter, who, house)
        if kind == "manager" and house != LEFT_TO_ACCEPT:
            self.event(begins + dt.timedelta(days=1), self.accept_accreditation, who, house)
        if line["check"]:
            first = day_of(begins) + dt.timedelta(days=2)
            state = line["check"]["state"]
            last = ENDS_SOON if state == "ends_soon" else CHECKED_LAST
            for day in [first] if state == "expired" else self.checked_days(first, last):
                self.event(at_hour(day, 9), self.check, who, line, by or "sofia")
        if line["safeguarding_reader"]:
            self.event(begins + dt.timedelta(days=1 if house == "city" else 3), self.reads_to_protect, who, house)
        if "co_reader" in line:
            self.event(begins + dt.timedelta(days=1), self.reads_along, who, house, line["co_reader"])
        if "ended" in line:
            self.event(self.in_month(line["ended"], 6), self.end_role, who, house, by)

    def checked_days(self, first: dt.date, days_ago: int) -> list[dt.date]:
        """Return the days on which a check is seen anew, each before the one before it ends, the last so many days ago."""
        last = (self.today - first).days - days_ago
        second = last % CHECKED_EVERY
        if second + CHECKED_EVERY < YEAR:
            second += CHECKED_EVERY
        return [first + dt.timedelta(days=n) for n in (0, *range(second, last + 1, CHECKED_EVERY))]

    def manager_of(self, house: str) -> str:
        """Return who is responsible for an organisation."""
        return str(next(key for key, person in self.people.items() for role in person["roles"]
                        if (role["organisation"], role["role"]) == (house, "manager")))

    def give_role(self, who: str, line: Line, by: str | None, at: dt.datetime) -> None:
        """Invite somebody to a role, which they accept on the spot."""
        invitation, _token = organisations.invite(
            self.organisations[line["organisation"]], line["role"], line["title"], None,
            self.ids[by] if by else None, at,
        )
        self.roles[who, line["organisation"]] = organisations.accept_invitation(invitation, self.ids[who], at)
        if db.session.get(SecondFactor, self.ids[who]) is None:
            db.session.add(SecondFactor(account_id=self.ids[who], secret_sealed=seal(age.DEMO_SECRET), made_at=at))
            db.session.flush()

    def reads_to_protect(self, who: str, house: str, at: dt.datetime) -> None:
        """Be named to read to protect: in the pool of the city, or with the charter for minors signed where one answers."""
        body, membership, by = self.organisations[house], self.roles[who, house], self.ids["sofia"]
        if house == "city":
            minors.name_pool_reader(membership, True, by, at)
            return
        minors.name_lead(body, membership, by, at)
        minors.sign_charter(body, self.ids[who], at)
        minors.set_minors(body, True, by, at)

    def reads_along(self, who: str, house: str, other: str, at: dt.datetime) -> None:
        """Name the adult who may read what somebody of 16 or 17 writes."""
        minors.name_co_reader(self.roles[who, house], self.roles[other, house], self.ids[self.manager_of(house)], at)

    def accept_charter(self, who: str, house: str, at: dt.datetime) -> None:
        """Accept the charter."""
        organisations.accept_charter(self.roles[who, house], at)

    def accept_accreditation(self, who: str, house: str, at: dt.datetime) -> None:
        """Accept the accreditation charter in an organisation's name."""
        accreditation.accept(self.organisations[house], self.roles[who, house].id, self.ids[who], at)

    def check(self, who: str, line: Line, by: str, at: dt.datetime) -> None:
        """Record a check that another person saw on that day."""
        day = day_of(at)
        draft = organisations.CheckDraft(kind=line["check"]["kind"], checked_on=day,
                                         expires_on=checks.latest_end(day), authenticity=True)
        organisations.record_check(self.roles[who, line["organisation"]], draft, self.ids[by], at)

    def end_role(self, who: str, house: str, by: str, at: dt.datetime) -> None:
        """End a role."""
        organisations.end_membership(self.roles[who, house], self.ids[by], at)

    def join(self, who: str, house: str, at: dt.datetime) -> None:
        """Join an organisation with the code on its wall."""
        organisations.join(self.ids[who], self.organisations[house], at)

    def invite(self, line: Line, at: dt.datetime) -> None:
        """Invite somebody who has not accepted so far, or whose link is taken back."""
        by = self.ids[self.manager_of(line["organisation"])]
        invitation, _token = organisations.invite(self.organisations[line["organisation"]], line["role"], line["title"],
                                                  line["note"], by, at)
        if line.get("revoked"):
            organisations.revoke_invitation(invitation, by, at + dt.timedelta(minutes=20))
