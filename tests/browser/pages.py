"""Every page, as the people who meet it find it."""

from __future__ import annotations

from typing import Any

from tests.routes.test_registry import address

# What answers with a file, with a word to a machine, or with the way to another page, and where it is found when that
# does not stand in the registry.
NO_PAGE = {
    "erasing.leaving": "",
    "health.healthz": "", "static": "/static/app.css", "evidence.file": "", "feedback.sent_file": "",
    "recognition.sent_file": "", "witnesses.read": "", "reader.piece": "/s/{share}/pieces/{item_photo}",
    "reader.card_piece": "/c/{to_ines_card}/pieces/{item_poster}", "experiences.organisations": "", "offline.manifest": "",
    "offline.worker": "", "offline.ticket": "", "credentials.city_did": "", "credentials.organisation_did": "",
    "credentials.organisation_json": "", "credentials.credential_json": "", "credentials.achievement_json": "",
    "credentials.status_list": "",
    "attestations.file": "", "attestations.whole": "", "sheet.keys": "", "sheet.worker": "",
    "commitments.security_txt": "", "rights.schema": "/schemas/passport-1.json",
}

# By person: an endpoint of the registry or an address, after the status it answers when that is not 200.
PAGES: dict[str, tuple[str, ...]] = {
    "": (
        "accounts.home", "accounts.help_page", "accounts.sign_in", "accounts.sign_up", "landing.learner",
        "landing.parent", "landing.facilitator", "landing.employer", "city.rights", "city.guides", "city.free", "city.charter", "city.decided",
        "commitments.ecodesign", "commitments.accessibility", "commitments.security", "frameworks.sentences", "mail.forgotten",
        "legal.mentions", "legal.privacy", "legal.cookies", "legal.processing", "legal.terms",
        "mail.look", "rescue.by_sheet", "rescue.begin", "lost.close", "410 /retrouver/numero", "410 /retrouver/phrase", "offline.waiting", "verify.page", "/nouvelle-phrase/{reset}", "410 /nouvelle-phrase/AAAA", "/sans-messages/{unsubscribe}",
        "/t/{witness_lea_x}", "/t/{witness_youth_x}", "/t/{witness_said}", "404 /t/AAAAAAAAAAAAAAAAAAAAAA",
        "/a/{parent_tom}", "404 /a/AAAAAAAAAAAAAAAAAAAAAA", "/r/{receipt_tom}", "guardian.typed",
        "/s/{share}", "/s/{share}/verifier/{item}", "/s/{share}/signaler", "/c/{to_ines_card}/signaler", "/t/{witness_said}/je-m-inquiete", "/s/{to_Mairie}", "/s/{to_Vide}", "410 /s/{to_Club}",
        "410 /s/{to_Ancien}", "404 /s/AAAAAAAAAAAAAAAAAAAAAA", "/c/{card}", "/c/{to_ines_card}",
        "/c/{to_ines_card}/verifier/{item_shown}", "410 /c/{to_ines_card}/verifier/{item_gone}",
        "410 /c/{to_lost_card}", "credentials.credential", "404 /credentials/{cancelled}", "credentials.achievement",
        "credentials.achievement_now", "credentials.organisation", "credentials.keys_page", "sheet.shell", "/v/{to_sheet}", "/v/{to_gone_sheet}",
        "410 /v/{to_closed_sheet}", "404 /v/AAAAAAAAAAAAAAAAAAAAAA", "/invitation/{invitation}", "410 /invitation/{to_ended_invitation}",
        "404 /nulle-part", "403 /faute/403", "409 /faute/409", "410 /faute/410", "429 /faute/429", "503 /faute/503",
    ),
    "stranger": (
        "parents.come_of_age",
        "experiences.passport", "experiences.deleted", "feedback.exchanges", "recognition.ledger", "sharing.choose",
        "card.show", "card.card", "sheets.prepare", "/rejoindre/{code}", "404 /rejoindre/AAAA-AAAA", "/d/{to_karim}",
    ),
    "lea": (
        "experiences.passport", "experiences.add", "experiences.kept", "experiences.experience", "experiences.edit",
        "elsewhere.received", "elsewhere.add", "elsewhere.one", "evidence.add", "evidence.add_link", "learning.learned", "learning.reflect", "learning.add_kinds",
        "/ajouter/genre/exile", "/ajouter/genre/civic_service", "learning.choose_kind", "learning.edit_kind",
        "learning.path", "learning.link", "offline.waiting", "learning.my_hours", "learning.compare", "witnesses.invite",
        "witnesses.ready", "sharing.extend", "mail.address", "/adresse/confirmer/{confirm}",
        "experiences.story", "experiences.when", "experiences.where", "experiences.can_do",
        "/experience/{lea_x}/savoir-faire?q=zzz", "/experience/{lea_x}/savoir-faire?competency=3",
        "feedback.exchanges", "feedback.ask", "/experience/{lea_x}/demander?q=zzz",
        "feedback.ask_send", "feedback.ask_team", "/d/{to_karim}", "422 /experience/{lea_me}/demander",
        "/experience/{lea_me}", "feedback.read", "/retour/{feedback_free}/faire-reconnaitre",
        "/retour/{feedback_free}/faire-reconnaitre?q=zzz", "/competences/{recognition}", "recognition.offered",
        "attestations.mine", "attestations.one",
        "sharing.choose", "sharing.ready", "card.show", "card.card", "card.printed", "sheets.prepare", "sheets.printed",
        "/feuille/{closed_sheet}", "accounts.menu", "protection.looks", "protected.choice", "protected.age",
        "rights.mine", "rights.take", "rights.bring", "rights.name", "/experience/{lea_y}/apporte", "factor.mine", "factor.application",
        "factor.passkey", "devices.mine", "rescue.sheet", "erasing.ask", "accounts.passphrase", "accounts.note_down", "safety.bother", "safety.people", "/invitation/{invitation}",
        "404 /experience/00000000-0000-4000-8000-000000000000",
    ),
    "ines": (
        "/mes-donnees/apporter/{brought_file}", "elsewhere.received", "experiences.passport", "/passeport?q=cuisine", "/passeport?q=zzz", "experiences.deleted",
        "/experience/{ines_4}", "/experience/{ines_5}", "/experience/{ines_6}", "feedback.exchanges", "/retour/{unread}", "/retour/{hidden}",
        "/ca-me-derange/{hidden_text}", "422 /retour/{hidden}/faire-reconnaitre", "/competences/{to_decide}",
        "/competences/{not_yet}", "/competences/{decided_on}", "/competences/{not_him}", "/competences/{taken_back}",
        "sharing.choose", "card.show", "card.card", "card.opens", "/montrer/lien/{Mairie}", "/montrer/lien/{Club}",
    ),
    "tom": (
        "experiences.passport", "/experience/{tom_x}", "/experience/{tom_x}/demander", "/d/{to_karim}", "/d/{to_nadia}",
        "422 /experience/{tom_x}/demander/personne/{m_nadia}", "/experience/{tom_x}/demander/organisation/{club}",
        "/protection", "/mon-age", "feedback.exchanges", "/retour/{tom_feedback}", "/ca-me-derange/{tom_text}", "protection.looks", "protection.who_reads", "organisations.join",
        "/rejoindre/{code}", "sharing.choose", "parents.together", "parents.ready", "card.show", "403 /montrer/pour-qui", "403 /carte/ouvre", "403 /feuille",
    ),
    "youth": ("parents.hand_over",),
    "karim": (
        "feedback.inbox", "/on-me-demande/{waiting_20}", "/on-me-demande/{request_done}", "recognition.recognise",
        "/reconnaitre/{recognition_done}", "recognition.ledger", "recognition.withdraw", "protection.along", "organisations.ask_code",
        "/d/{to_karim}", "/charte/{m_karim}",
    ),
    "nadia": ("returns.helping", "lost.at_desk", "feedback.inbox", "feedback.answer_request", "ages.look", "organisations.ask_code"),
    "novice": ("feedback.inbox", "organisations.charter", "organisations.ask_code"),
    "claire": (
        "organisations.organisation", "organisations.minors", "organisations.co_reader", "organisations.invite", "organisations.record_check", "organisations.join_code",
        "organisations.contact", "organisations.accreditation", "feedback.desk", "feedback.exchanges", "cases.cases", "cases.case", "cases.note", "cases.reperes", "inquiries.inquiry",
    ),
    "farid": ("/organisation/{club}/code", "/organisation/{club}/demandes", "cases.cases", "/signalements/{decided}", "cases.concern"),
    "sofia": (
        "protection.readings", "protection.reading", "organisations.city", "city.settings", "erasing.sealed", "erasing.sealed_folder", "/ville?q=zzz", "organisations.add_organisation", "/organisation/{waits}",
        "/organisation/{empty}", "/organisation/{empty}/inviter", "/organisation/{city}", "accounts.menu",
    ),
}


def path_of(city: Any, name: str) -> str:
    """Return the address of a page, from its endpoint or its pattern."""
    if name.startswith("/"):
        return name.format_map({**city.cast.ids, **city.cast.tokens})
    return address(city, name)
