"""Preparing a link: what, for whom, a last look; then seeing it again, and closing it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, make_response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .. import clock, drawings
from ..accounts.chosen import number
from ..accounts.rules import Band
from ..feedback import contacts
from ..links import host
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..submissions import digest_of
from ..transaction import transaction
from ..web import (
    Forbidden,
    actor,
    authorised,
    before_any_step,
    now_and_today,
    onward,
    page,
    public_url,
    wants_fragment,
)
from . import choosing, links, panels, reading, rules, service, words
from .forms import AudienceForm, ChoiceForm, ExtendForm, PreviewForm, ids, share_draft
from .reader import blueprint as reader

blueprint = Blueprint("sharing", __name__)
BLUEPRINTS = (blueprint, reader)
CHOSEN = ("experiences", "endorsements", "testimonies", "pieces")


def _mine() -> Mine:
    return Mine(current_user.id)


def _band() -> Band:
    band: Band = current_user.actor.band(clock.today())
    return band


def _may_prepare() -> ResponseReturnValue | None:
    """Ask the policy; under 15, return the kind page, which keeps what was chosen."""
    try:
        authorised(_mine(), Action.PREPARE_SHARE)
    except Forbidden as refused:
        if refused.refusal is not Refusal.UNDER_15:
            raise
        return page("sharing/with_parent.html", draft=choosing.draft(current_user.id), status=403)
    return None


@blueprint.route("/montrer/choisir", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Choose what a link shows; nothing is ticked beforehand, and what was chosen is kept."""
    me, now = authorised(_mine(), Action.READ_SHARES).learner_id, clock.now()
    form, band = ChoiceForm(), _band()
    agreed = actor().consents
    found = choosing.choices(me, band, now, agreed)
    if form.validate_on_submit():
        wanted = form.draft()
        open_ids = {c.id for c in found if c.refusal is None}
        open_ids |= {r.recognised.id for c in found for r in c.recognised if r.may_be_shown}
        open_ids |= {s.id for c in found for s in c.seen if c.refusal is None and s.refusal is None}
        pieces = {p.id: rules.refusal_to_show_piece(p.kind, band, c.id in wanted.experience_ids, agreed)
                  for c in found if c.refusal is None for p, _why in c.pieces}
        open_ids |= {*pieces}
        refusal = rules.refusal_of_choice(len(wanted.all_ids))
        if refusal is None and not {*wanted.all_ids} <= open_ids:
            refusal = Refusal.NOT_PERMITTED
        refusal = refusal or next((pieces[i] for i in wanted.evidence_ids if pieces.get(i)), None)
        if refusal is None:
            with transaction():
                service.save_draft(me, wanted.body, now)
            return onward("sharing.audience")
        form.refuse(Refused(refusal))
        ticked, whole = {*wanted.all_ids}, {*wanted.whole_ids}
    else:
        kept = choosing.draft(me)
        ticked = {i for name in CHOSEN for i in ids(kept.get(name))}
        whole = {*ids(kept.get("whole"))}
    alone = bool(rules.purposes_open(band, agreed))
    pictured = any(why is None and p.kind != "link" for c in found for p, why in c.pieces)
    return page("sharing/choose.html", form=form, choices=found, ticked=ticked, whole=whole, alone=alone, pictured=pictured,
                status=422 if form.is_submitted() else 200)


@blueprint.route("/montrer/pour-qui", methods=["GET", "POST"])
def audience() -> ResponseReturnValue:
    """Say for whom a link is, and until when."""
    refused = _may_prepare()
    if refused is not None:
        return refused
    me, now, band = current_user.id, clock.now(), _band()
    kept = choosing.draft(me)
    if not any(kept.get(name) for name in CHOSEN):
        return onward("sharing.choose")
    before: dict[str, Any] = {
        "months": str(kept.get("months") or rules.preset_months(band)),
        "name_form": kept.get("name_form", rules.DISPLAY),
        "intro": kept["intro"] if "intro" in kept else choosing.looking_for(me),
        **{name: kept[name] for name in ("recipient_name", "recipient_shown", "shown_name", "purpose", "with_code") if name in kept},
    }
    form = AudienceForm(band, current_user.display_name, actor().consents, data=before)
    if form.validate_on_submit():
        wanted = form.draft()
        told = {"intro": wanted.intro, "shown_name": wanted.shown_name,
                "recipient_name": wanted.recipient_name if wanted.recipient_shown else None}
        try:
            contacts.stop(actor().is_protected(clock.today()), told)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            with transaction():
                service.save_draft(me, wanted.body, now)
            return onward("sharing.preview")
    return page("sharing/audience.html", form=form, ends=_ends(band, now), name=current_user.display_name,
                status=422 if form.is_submitted() else 200)


def _ends(band: Band, now: dt.datetime) -> dict[str, str]:
    """Return the day on which each length offered ends, in words."""
    return {str(n): _("Jusqu’au %(day)s", day=words.full_day(rules.end_of(n, now))) for n in rules.months_offered(band, number("links.longest"))}


@blueprint.route("/montrer/apercu", methods=["GET", "POST"])
def preview() -> ResponseReturnValue:
    """Read the page exactly as it will be read, then open the link."""
    refused = _may_prepare()
    if refused is not None:
        return refused
    me, now = current_user.id, clock.now()
    form = PreviewForm()
    sent = form.is_submitted()
    if sent and form.validate() and (made := links.made_before(me, form.number)):
        return onward("sharing.ready", key=made)
    kept = choosing.draft(me)
    if "recipient_name" not in kept:
        return onward("sharing.audience")
    draft = share_draft(kept)
    found = _still(me, draft)
    if not found.items:
        return onward("sharing.choose")
    name = draft.shown_name if draft.name_form == rules.WRITTEN and draft.shown_name else current_user.display_name
    head = links.Head(
        name=name, intro=draft.intro, recipient=draft.recipient_name if draft.recipient_shown else None,
        expires_at=rules.end_of(draft.months, now),
    )

    def digest() -> str:
        return digest_of({"items": found.digest, "name": name, "intro": draft.intro,
                          "recipient": head.recipient, "months": draft.months, "code": draft.with_code}).hex()

    if sent and not form.errors:
        if form.seen.data == digest():
            try:
                with transaction():
                    share = service.create_share(me, _only(draft, found), now)
                    service.drop_draft(me)
                return onward("sharing.ready", key=share.id)
            except Refused as again:
                # What was there a moment ago is not any more: the page is read anew.
                gone = again.refusal is Refusal.NOT_PERMITTED
                form.refuse(Refused(Refusal.PREVIEW_CHANGED) if gone else again)
                found = _still(me, draft)
        else:
            form.refuse(Refused(Refusal.PREVIEW_CHANGED))
    form.seen.data, form.submission.data = digest(), str(draft.submission)
    shown = reading.preview(head, found, now)
    return page("sharing/preview.html", form=form, missing=found.missing,
                private=words.private_words(rules.private_topics(shown.told)), reading=shown, piece=_own_piece, host=host(), status=422 if sent else 200)


def _still(learner_id: uuid.UUID, draft: service.ShareDraft) -> choosing.Chosen:
    return choosing.chosen(learner_id, _band(), draft.experience_ids, draft.endorsement_ids, draft.testimony_ids,
                           draft.evidence_ids, agreed=actor().consents, whole_ids=draft.whole_ids)


def _only(draft: service.ShareDraft, found: choosing.Chosen) -> service.ShareDraft:
    """Return the draft without what can no longer be shown, which the preview left out and said so."""
    shown = {i.chosen_id for i in found.items}
    return replace(draft, experience_ids=tuple(i for i in draft.experience_ids if i in shown),
                   endorsement_ids=tuple(i for i in draft.endorsement_ids if i in shown),
                   testimony_ids=tuple(i for i in draft.testimony_ids if i in shown),
                   evidence_ids=tuple(i for i in draft.evidence_ids if i in shown))


def _own_piece(piece: reading.ShownPiece) -> str:
    """Return where its learner finds what a reader finds under the link."""
    return url_for("evidence.file", key=piece.experience_id, item=piece.id, taille="ecran")


@blueprint.get("/montrer/lien/<uuid:key>")
def ready(key: uuid.UUID) -> ResponseReturnValue:
    """See a link again: its QR code, its address, and what it shows now."""
    now = clock.now()
    opened = authorised(links.by_id(key, now), Action.READ_SHARES)
    address = public_url("reader.share", token=opened.token) if opened.is_open else ""
    qr = drawings.qr_svg(address, _("Code QR du lien %(name)s", name=opened.recipient_name), "stamp xl") if address else ""
    return page("sharing/ready.html", link=opened, address=address, qr=qr, host=host(), piece=_own_piece,
                reading=reading.read(opened, now) if opened.is_open else None)


@blueprint.route("/montrer/lien/<uuid:key>/prolonger", methods=["GET", "POST"])
def extend(key: uuid.UUID) -> ResponseReturnValue:
    """Move the end of a link in its last week."""
    share, (now, today) = authorised(links.share(key), Action.PREPARE_SHARE), now_and_today()
    band = actor().band(today)
    form = ExtendForm(band)
    if form.validate_on_submit():
        try:
            with transaction():
                service.extend(share, form.draft(), now)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("C’est prolongé : le lien ferme le %(day)s.", day=words.full_day(share.expires_at)))
            return onward("sharing.ready", key=key)
    return page("sharing/extend.html", status=422 if form.is_submitted() else 200, form=form, share=share,
                ends_on=words.full_day(share.expires_at), ends=_ends(band, now),
                possible=rules.may_extend(links.state_of(share, now), share.expires_at, now))


@blueprint.post("/montrer/lien/<uuid:key>/fermer")
def close(key: uuid.UUID) -> ResponseReturnValue:
    """Close a link; htmx gets its line again and what else changes, as the page would show them."""
    share, now = authorised(links.share(key), Action.CLOSE_SHARE), clock.now()
    with transaction():
        service.close(share, now)
    if wants_fragment():
        answer = make_response(page("sharing/closed.html", link=links.link(key, now), settled=True,
                                    panels=panels.after_closing(share.learner_id, now)))
        answer.headers["Arrived"] = url_for("card.show")  # outbox.js takes no other page for an arrival
        return answer
    flash(_("Le lien « %(name)s » est fermé.", name=share.recipient_name))
    return onward("card.show")


@blueprint.post("/montrer/tout-fermer")
@before_any_step
def close_all() -> ResponseReturnValue:
    """Close every open link."""
    me, now = authorised(_mine(), Action.CLOSE_SHARE).learner_id, clock.now()
    with transaction():
        count = service.close_all(me, now)
    if count:
        flash(ngettext("Un lien est fermé.", "%(num)s liens sont fermés.", count))
    return onward("card.show")
