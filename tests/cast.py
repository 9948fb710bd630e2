"""The fixed people of the tests: a learner, a minor, their facilitators, a manager, a coordinator, a stranger."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from passport.extensions import db

from . import build


@dataclass
class Cast:
    """The ids of everybody and everything, by name."""

    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> uuid.UUID:
        return self.ids[name]


def make_cast(now: dt.datetime) -> Cast:
    """Fill an empty database.

    lea (adult learner), tom (14), youth (16), chosen (adult who chose protection), stranger (adult learner);
    library with claire (manager), karim (facilitator, checked), hugo (facilitator, check expired),
    novice (facilitator without charter); club with farid (manager), nadia (facilitator, checked);
    sofia coordinates the city and is in its pool of readers; claire and farid read to protect where they answer, as
    soon as they have a check. tom and youth joined the library. lea_x, tom_x are experiences.
    """
    ids: dict[str, uuid.UUID] = {}
    people = {n: build.account(n, now) for n in ("lea", "stranger", "karim", "hugo", "novice", "claire", "nadia", "farid", "sofia")}
    people["tom"] = build.account("tom", now, born=(2012, 3))
    people["youth"] = build.account("youth", now, born=(2010, 5))
    people["chosen"] = build.account("chosen", now, protection_chosen=True)
    city = build.organisation("Ville d’Alpha", now, kind="city", sector="public", minors_state="none")
    library = build.organisation("Médiathèque Mandela", now, kind="public_service", sector="public", phone="04 65 71 00 12",
                                 lead=people["claire"])
    club = build.organisation("AS Gauthière", now, kind="association", lead=people["farid"])
    reads = {"is_safeguarding_reader": True, "reader_since": now - build.LONG_AGO}
    roles = {
        "m_sofia": build.membership(people["sofia"], city, "coordinator", now, **reads),
        "m_claire": build.membership(people["claire"], library, "manager", now, title="responsable", **reads),
        "m_karim": build.membership(people["karim"], library, "facilitator", now),
        "m_hugo": build.membership(people["hugo"], library, "facilitator", now),
        "m_novice": build.membership(people["novice"], library, "facilitator", now, charter_version=None,
                                     charter_accepted_at=None, trained_at=None),
        "m_farid": build.membership(people["farid"], club, "manager", now, title="responsable", **reads),
        "m_nadia": build.membership(people["nadia"], club, "facilitator", now, title="entraîneuse"),
    }
    build.vetting(roles["m_sofia"], people["claire"], now, days=200)
    build.vetting(roles["m_karim"], people["claire"], now, days=200)
    build.vetting(roles["m_nadia"], people["farid"], now, days=200)
    build.vetting(roles["m_hugo"], people["claire"], now, days=-1)
    for name in ("tom", "youth"):
        build.joined(people[name], library, now)
    things = {
        "lea_x": build.experience(people["lea"].id, "Service civique à la médiathèque", now, setting="civic_service",
                                  context="nonformal", story="J’anime un atelier numérique pour les aînés."),
        "lea_me": build.experience(people["lea"].id, "Je m’occupe de mes frères", now, for_me_only=True),
        "tom_x": build.experience(people["tom"].id, "J’arbitre les petits le samedi", now, setting="sport",
                                  context="nonformal"),
        "youth_x": build.experience(people["youth"].id, "Coach adjointe", now, setting="sport", context="nonformal"),
    }
    for name, thing in {**people, **roles, **things, "city": city, "library": library, "club": club}.items():
        ids[name] = thing.id
    db.session.commit()
    return Cast(ids)
