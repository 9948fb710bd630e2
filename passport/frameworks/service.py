"""Loading the sentences from their data file: the same file twice changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from .models import Alignment, Competency, Framework, FrameworkVersion, SearchText, Wording
from .rules import folded

DATA = Path(__file__).parent / "data" / "competencies.json"
LANGUAGES = ("fr", "en")


class Unreadable(ValueError):  # noqa: N818 - the word of the field
    """The data file does not say what it must; the message names the line."""


def checked(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data when it is whole: ids and slugs once, both languages, one key competence, one or more of ESCO."""
    if data.get("format") != 1:
        raise Unreadable("format 1 is expected")
    ids: set[int] = set()
    slugs: set[str] = set()
    for line in data["competencies"]:
        name = f"competency {line.get('id')} ({line.get('slug')})"
        if line["id"] in ids or line["slug"] in slugs:
            raise Unreadable(f"{name}: id or slug stands twice")
        ids.add(line["id"])
        slugs.add(line["slug"])
        if not line["fr"].strip() or not line["en"].strip():
            raise Unreadable(f"{name}: a language is missing")
        targets = [a["target"] for a in line["alignments"]]
        if targets.count("eu-key-competences-2018") != 1 or "esco" not in targets:
            raise Unreadable(f"{name}: one key competence and one or more of ESCO are expected")
        known = data["targets"]["eu-key-competences-2018"]["items"]
        if any(a["target"] == "eu-key-competences-2018" and a["code"] not in known for a in line["alignments"]):
            raise Unreadable(f"{name}: unknown key competence")
    return data


def load(path: Path | None = None) -> bool:
    """Bring the sentences of a data file into the database; say whether anything changed.

    A sentence that changed gets a new wording beside the old one, which what was attested goes on pointing to; one
    that is no longer in the file is offered no more, and stays readable where it was attested.
    Raises Unreadable when the file is not whole, and changes nothing then.
    """
    raw = (path or DATA).read_bytes()
    data = checked(json.loads(raw))
    digest = hashlib.sha256(raw).digest()
    head = data["framework"]
    framework = db.session.scalars(sa.select(Framework).where(Framework.code == head["code"])).one_or_none()
    if framework is None:
        framework = Framework(id=1, code=head["code"], name_fr=head["name_fr"], name_en=head["name_en"])
        db.session.add(framework)
        db.session.flush()
    version = db.session.scalars(
        sa.select(FrameworkVersion).where(FrameworkVersion.framework_id == framework.id,
                                          FrameworkVersion.number == data["version"]["number"])
    ).one_or_none()
    if version is not None and version.digest == digest:
        return False
    if version is not None:
        raise Unreadable(f"version {version.number} was published with other words: give the file a new number")
    version = FrameworkVersion(framework_id=framework.id, number=data["version"]["number"], digest=digest,
                               published_on=dt.date.fromisoformat(data["version"]["published_on"]))
    db.session.add(version)
    db.session.flush()
    for line in data["competencies"]:
        _keep(line, framework, version, data["targets"])
    kept = [line["id"] for line in data["competencies"]]
    db.session.execute(
        sa.update(Competency)
        .where(Competency.framework_id == framework.id, Competency.id.not_in(kept), Competency.retired_on.is_(None))
        .values(retired_on=version.published_on)
    )
    db.session.flush()
    return True


def _keep(line: dict[str, Any], framework: Framework, version: FrameworkVersion, targets: dict[str, Any]) -> None:
    competency = db.session.get(Competency, line["id"])
    if competency is None:
        competency = Competency(id=line["id"], framework_id=framework.id, slug=line["slug"], facet=line["facet"],
                                likely_in=line["likely_in"])
        db.session.add(competency)
        db.session.flush()
    else:
        competency.facet, competency.likely_in, competency.retired_on = line["facet"], line["likely_in"], None
    current = db.session.scalars(
        sa.select(Wording).where(Wording.competency_id == line["id"], Wording.current)
    ).one_or_none()
    if current is None or (current.text_fr, current.text_en) != (line["fr"], line["en"]):
        if current is not None:
            current.current = False
        db.session.add(Wording(competency_id=line["id"], version_id=version.id, text_fr=line["fr"], text_en=line["en"]))
    db.session.execute(sa.delete(Alignment).where(Alignment.competency_id == line["id"]))
    db.session.execute(sa.delete(SearchText).where(SearchText.competency_id == line["id"]))
    for language in LANGUAGES:
        found = " ".join(folded(word) for word in line[f"search_{language}"])
        db.session.add(SearchText(competency_id=line["id"], language=language, text=found))
    for target in line["alignments"]:
        db.session.add(_alignment(line["id"], target, targets))


def _alignment(competency_id: int, target: dict[str, Any], targets: dict[str, Any]) -> Alignment:
    known = targets[target["target"]]
    labels = known["items"][target["code"]] if "items" in known else target
    return Alignment(
        competency_id=competency_id, target=target["target"], code=target.get("code") or target["uri"],
        label_fr=labels.get("label_fr"), label_en=labels.get("label_en"), official_fr=bool(labels.get("official_fr")),
        official_en=bool(labels.get("official_en")), target_version=known.get("version"),
    )
