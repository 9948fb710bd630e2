"""Every refusal in words: what happened, and what to do."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from babel import Locale
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from . import clock
from .clock import CITY_ZONE, day_of
from .refusals import Refusal

SENTENCES: dict[Refusal, LazyString] = {
    Refusal.UNDER_13: _l("Le passeport s’ouvre un peu plus tard. Rien n’a été gardé. À bientôt !"),
    Refusal.MINORS_NOT_YET: _l("Ici, le passeport s’ouvre pour l’instant à 18 ans. Rien n’a été gardé."),
    Refusal.BIRTH_MONTH_MISSING: _l("Choisir un mois et une année, ou « 18 ans ou plus »."),
    Refusal.BIRTH_YEAR_ODD: _l("Choisir une année dans la liste."),
    Refusal.NAME_CLAIMS: _l("Choisir un autre nom : celui-ci se lirait comme une parole de la Ville ou d’une organisation."),
    Refusal.NIGHT_IS_FIXED: _l("Avec la protection, c’est toujours de 22 h à 7 h."),
    Refusal.HOURS_OF_QUIET_ODD: _l("Choisir deux heures différentes, ou aucune."),
    Refusal.PROTECTED_BY_AGE: _l("Avant 18 ans, la protection est toujours là."),
    Refusal.AGE_DOUBTED: _l("D’abord dire son âge, ou le faire confirmer sur place : voir « Mon âge »."),
    Refusal.AGE_NOT_LOWER: _l("Ici, on dit seulement un âge plus bas. Pour 18 ans ou plus, montrer un code sur place."),
    Refusal.AGE_BY_CALENDAR: _l("Avant 15 ans, l’âge change avec le calendrier, et de nulle autre façon."),
    Refusal.AGE_CODE_OVER: _l("Ce code ne vaut plus. La personne peut en montrer un autre."),
    Refusal.AGE_CODE_WRONG: _l("Ce n’est pas le code. Le relire sur l’écran de la personne, puis réessayer."),
    Refusal.PASSPHRASE_SHORT: _l("Allonger la phrase : au moins 12 caractères, sans compter mon nom ni mon identifiant."),
    Refusal.PASSPHRASE_LONG: _l("Raccourcir la phrase : 128 caractères au plus."),
    Refusal.PASSPHRASE_KNOWN: _l("Choisir une phrase moins facile à deviner : quatre mots sans lien entre eux, par exemple."),
    Refusal.PASSPHRASE_WRONG: _l("Ce n’est pas la phrase actuelle. Vérifier les majuscules, puis réessayer."),
    Refusal.SIGN_IN_WRONG: _l("L’identifiant et la phrase ne vont pas ensemble. Vérifier les majuscules, puis réessayer."),
    Refusal.TOO_MANY_TRIES: _l("Beaucoup d’essais d’affilée. Attendre un peu, puis réessayer."),
    Refusal.ADDRESS_ODD: _l("Vérifier l’adresse : elle s’écrit comme prenom@exemple.fr, sans espace."),
    Refusal.ADDRESS_USED: _l("Cette adresse sert déjà à un autre passeport. En donner une autre."),
    Refusal.MAIL_LINK_OVER: _l("Il a déjà servi, ou son temps est passé. En demander un autre."),
    Refusal.FACTOR_ASKED: _l("Une confirmation de plus est demandée ici : un code, ou une clé d’accès."),
    Refusal.FACTOR_MISSING: _l("Ce rôle demande une double sécurité. La mettre en place prend une minute."),
    Refusal.FRESH_ASKED: _l("Pour continuer, redonner la phrase de passe, ou une clé d’accès."),
    Refusal.FACTOR_NEEDED: _l("Ce rôle demande une double sécurité. En ajouter une autre, puis retirer celle-ci."),
    Refusal.FACTOR_BY_CITY: _l("Cette personne a aussi un rôle ailleurs. La coordination de la Ville peut le faire."),
    Refusal.FACTOR_CODE_WRONG: _l("Ce code n’est pas le bon. Prendre celui qui s’affiche maintenant, puis réessayer."),
    Refusal.FACTOR_CODE_USED: _l("Ce code a déjà servi. Attendre le suivant, puis réessayer."),
    Refusal.FACTOR_SETUP_OLD: _l("La page était trop ancienne : voici un nouveau dessin à scanner."),
    Refusal.PASSKEY_WRONG: _l("Cette clé d’accès n’a pas été reconnue. Réessayer, ou utiliser un code."),
    Refusal.PASSKEY_MANY: _l("Il y a déjà dix clés d’accès. En retirer une, puis recommencer."),
    Refusal.SHEET_CODE_WRONG: _l("L’identifiant et le code ne vont pas ensemble. Relire chaque mot de la feuille, puis réessayer."),
    Refusal.RETURN_OVER: _l("Il a déjà servi, son temps est passé, ou il a été arrêté. Recommencer pour en avoir un autre."),
    Refusal.RETURN_UNKNOWN: _l("Ce numéro ne va pas. Le relire sur le téléphone de la personne, ou en demander un autre."),
    Refusal.RETURN_TOO_NEW: _l("Ce rôle a moins de 30 jours. Une personne qui est là depuis plus longtemps peut confirmer."),
    Refusal.RETURN_ONE_PERSON: _l("Vous avez déjà confirmé. Il faut maintenant une autre personne, avec son propre compte."),
    Refusal.RETURN_OTHERS: _l("Il faut encore une autre personne : de la Ville, ou d’une organisation que la personne a rejointe."),
    Refusal.CHOICE_UNKNOWN: _l("Ce réglage n’existe pas. La liste les dit tous."),
    Refusal.CHOICE_ODD: _l("Cette réponse ne va pas avec ce réglage. La liste dit ce qui se choisit."),
    Refusal.CHOICE_FLOOR: _l("Cette réponse protège moins que le passeport ne le permet. Rien n’a changé."),
    Refusal.CHOICE_UNSAID: _l("Dire qui a décidé, et pourquoi."),
    Refusal.NOT_ALLOWED: _l("Cette page se lit, mais ceci ne se fait pas ici."),
    Refusal.NOT_FACILITATOR_NOW: _l("Ce rôle n’est pas actif en ce moment. La personne responsable de l’organisation peut aider."),
    Refusal.CHECK_NEEDED: _l("Une vérification en règle est nécessaire. La personne responsable de l’organisation peut la noter."),
    Refusal.CHARTER_FIRST: _l("D’abord lire et accepter la charte, puis revenir ici."),
    Refusal.ADULTS_ONLY: _l("Ceci se fait à partir de 18 ans."),
    Refusal.FROM_16: _l("Répondre aux demandes se fait à partir de 16 ans."),
    Refusal.CO_READER_NEEDED: _l("Avant 18 ans, une personne adulte de l’équipe relit. La personne responsable peut la nommer."),
    Refusal.UNDER_15: _l("Avant 15 ans, montrer se décide à deux : vous et un parent. Votre passeport, lui, est déjà complet."),
    Refusal.NOT_ONESELF: _l("On ne peut pas le faire pour soi-même. Demander à une autre personne de l’organisation."),
    Refusal.NO_RELATIVE: _l("On ne reconnaît pas une personne de sa famille. Une autre personne de l’équipe peut répondre."),
    Refusal.INVITATION_OVER: _l("Cette invitation ne sert plus. En demander une nouvelle à la personne qui l’a envoyée."),
    Refusal.INVITATION_SPENT: _l("Cette invitation ne sert plus. Recommencer pour en faire une autre."),
    Refusal.ALREADY_MEMBER: _l("Ce rôle existe déjà dans cette organisation. Rien à faire de plus."),
    Refusal.CODE_UNKNOWN: _l("Ce code n’est pas connu. Vérifier chaque lettre, ou demander le code sur place."),
    Refusal.CHECK_NOT_LAWFUL: _l("Ce genre de vérification n’est pas permis pour cette organisation. En choisir un autre."),
    Refusal.CHECK_DATES: _l("Vérifier les dates : vue aujourd’hui au plus tard, et valable 12 mois au plus."),
    Refusal.NOT_ACCREDITED: _l("Cette organisation n’est pas agréée en ce moment par la Ville."),
    Refusal.LAST_ONE: _l("C’est la dernière personne dans ce rôle. En inviter une autre d’abord, ou demander à la Ville."),
    Refusal.ORGANISATION_KNOWN: _l("Une organisation porte déjà ce nom. La chercher dans la liste, ou préciser le quartier."),
    Refusal.LEAD_MISSING: _l("D’abord choisir qui répond de l’accueil des moins de 18 ans."),
    Refusal.READER_MISSING: _l("Il manque une seconde personne pour relire. La Ville en nomme une d’abord."),
    Refusal.READER_ODD: _l("Choisir dans la liste une personne adulte, active en ce moment."),
    Refusal.MINORS_CHARTER_FIRST: _l("La charte d’accueil des moins de 18 ans reste à signer."),
    Refusal.TITLE_MISSING: _l("Écrire une phrase, même très courte."),
    Refusal.TOO_LONG: _l("C’est un peu long. Raccourcir, puis enregistrer : rien n’est perdu."),
    Refusal.DATES_ODD: _l("Choisir une date entre 1900 et 2100."),
    Refusal.ENDS_BEFORE_START: _l("La fin vient avant le début. Changer l’une des deux dates."),
    Refusal.HOURS_ODD: _l("Écrire un nombre d’heures entre 0 et 9000."),
    Refusal.CHANGED_MEANWHILE: _l("Cette expérience a changé ailleurs entre-temps. Le texte est encore là : le relire, puis enregistrer."),
    Refusal.UNDO_OVER: _l("Le temps pour annuler est passé. Rien n’a changé."),
    Refusal.COMPETENCY_UNKNOWN: _l("Choisir une phrase de la liste."),
    Refusal.SAME_EXPERIENCE: _l("Choisir une autre expérience que celle-ci."),
    Refusal.PATH_FULL: _l("Vingt suites partent déjà de cette expérience. En retirer une, puis recommencer."),
    Refusal.PROMPT_UNKNOWN: _l("Cette question n’est pas dans la liste. Choisir une des questions de la page."),
    Refusal.KIND_UNKNOWN: _l("Choisir une ligne de la liste."),
    Refusal.DETAIL_ODD: _l("Corriger cette réponse, ou la laisser vide."),
    Refusal.FILE_MISSING: _l("Choisir une photo ou un document."),
    Refusal.FILE_EMPTY: _l("Ce fichier est vide. En choisir un autre."),
    Refusal.FILE_HEAVY: _l("C’est trop lourd : 10 Mo au plus. Choisir un fichier plus petit, ou mettre un lien."),
    Refusal.FILE_UNKNOWN: _l("Ce genre de fichier ne se garde pas ici. Choisir une photo (JPEG, PNG, WebP) ou un document PDF."),
    Refusal.FILE_BROKEN: _l("Ce fichier est abîmé et ne s’ouvre pas. L’enregistrer à nouveau, ou en choisir un autre."),
    Refusal.PICTURE_LARGE: _l("Cette image est trop grande : 20 millions de points au plus. La réduire, puis recommencer."),
    Refusal.DOCUMENT_LONG: _l("Ce document est trop long : 300 pages au plus. Garder les pages utiles, puis recommencer."),
    Refusal.DOCUMENT_LOCKED: _l("Ce document est fermé à clé. En enregistrer une copie qui s’ouvre sans code, puis recommencer."),
    Refusal.LINK_ODD: _l("Copier l’adresse entière, qui commence par https:// ou http://, sans code secret dedans."),
    Refusal.ROOM_FULL: _l("Il n’y a plus assez de place. Effacer une photo ou un document, puis recommencer."),
    Refusal.MANY_HERE: _l("Il y en a déjà beaucoup ici : 20 au plus par expérience. En effacer, puis recommencer."),
    Refusal.STORE_BUSY: _l("Cela ne se garde pas pour l’instant. Réessayer dans une minute."),
    Refusal.ERASING_NOW: _l("L’effacement a commencé : il ne s’annule plus."),
    Refusal.FOR_ME_ONLY: _l("Cette expérience est « Pour moi ». Pour demander ou montrer, changer d’abord ce choix."),
    Refusal.EXPERIENCE_DELETED: _l("Cette expérience a été supprimée. Annuler la suppression, puis recommencer."),
    Refusal.ALREADY_ASKED: _l("C’est déjà demandé. Vous n’avez rien à faire."),
    Refusal.NOT_JOINED: _l("Avant 18 ans, on demande dans une organisation rejointe, ou à l’accueil d’une autre."),
    Refusal.NOT_REACHABLE: _l("Cette personne ne peut pas répondre en ce moment. Demander à quelqu’un d’autre."),
    Refusal.REQUEST_CLOSED: _l("Cette demande est fermée. Rien n’a été envoyé."),
    Refusal.NOT_VISIBLE_YET: _l("Ce texte n’est pas arrivé. Il arrive à 7 h."),
    Refusal.ALREADY_ANSWERED: _l("C’est déjà fait. Une seule réponse suffit."),
    Refusal.TEAM_NOT_REACHABLE: _l("Cette organisation ne peut pas répondre en ce moment. En choisir une autre."),
    Refusal.TEXT_HIDDEN: _l("Ce texte est caché : il ne se lit plus ici."),
    Refusal.FEEDBACK_STANDS: _l("Une compétence à reconnaître s’appuie sur ce retour : il ne se retire plus."),
    Refusal.FEEDBACK_WITHDRAWN: _l("Ce retour a été retiré. L’expérience reste telle qu’elle est."),
    Refusal.PUT_BACK_ONCE: _l("Ce retour est déjà revenu une fois : il reste retiré."),
    Refusal.PUT_BACK_AT_NIGHT: _l("Rien n’arrive entre 22 h et 7 h : ce retour reste retiré."),
    Refusal.TOO_MANY_INVITATIONS: _l("Cinq liens attendent déjà une réponse pour cette expérience. En annuler un d’abord."),
    Refusal.INVITATION_CLOSED: _l("Cette invitation n’est plus ouverte. Rien n’a été envoyé."),
    Refusal.NAME_ODD: _l("Écrire un nom, sans chiffre, sans adresse et sans phrase."),
    Refusal.FIRST_NAME_ALONE: _l("Écrire seulement un prénom, en un mot."),
    Refusal.MINOR_FIRST_NAME: _l("Avant 18 ans, on garde seulement le prénom : choisir « Mon prénom »."),
    Refusal.READY_ONLY: _l("Choisir dans la liste."),
    Refusal.TOO_MANY_SENTENCES: _l("Choisir trois phrases au plus."),
    Refusal.NOT_THERE: _l("Seule une phrase de quelqu’un qui était là peut être montrée."),
    Refusal.NOT_ALLOWED_TO_SHOW: _l("La personne ne permet pas de montrer cette phrase."),
    Refusal.NO_FEEDBACK_READ: _l("D’abord lire un retour sur cette expérience et y répondre, ou toucher « C’est bien comme ça »."),
    Refusal.TEXT_KEPT: _l("Ce texte reste comme il est : il ne se retire plus."),
    Refusal.CODE_SAID_WRONG: _l("Ce n’est pas ce code. Le redemander à la personne, de vive voix."),
    Refusal.CODE_LATER: _l("Cinq essais sont faits. Attendre un quart d’heure, puis réessayer."),
    Refusal.TWO_PERSONS: _l("Une autre personne doit confirmer."),
    Refusal.CITY_NEEDED: _l("L’une des deux personnes doit être de la Ville."),
    Refusal.PROPOSAL_CHANGED: _l("Ce qui est proposé a changé entre-temps. Relire la page, puis confirmer."),
    Refusal.NOTHING_CHOSEN: _l("Choisir au moins une ligne."),
    Refusal.NOT_ASKED: _l("Cette phrase n’a pas été demandée."),
    Refusal.SENTENCE_MISSING: _l("Écrire une phrase."),
    Refusal.STEP_MISSING: _l("Choisir une des réponses."),
    Refusal.ALREADY_DECIDED: _l("C’est déjà décidé."),
    Refusal.NOT_KEPT: _l("On permet de montrer seulement ce qu’on a gardé."),
    Refusal.WITHDRAWN: _l("L’organisation l’a retirée : elle ne se montre plus."),
    Refusal.SEEN_WHEN: _l("Dire de quel mois à quel mois, jusqu’à aujourd’hui au plus."),
    Refusal.NOT_PERMITTED: _l("À permettre d’abord."),
    Refusal.END_ODD: _l("Choisir une des durées proposées."),
    Refusal.NOT_LAST_WEEK: _l("Un lien se prolonge dans sa dernière semaine."),
    Refusal.PIECE_ALONE: _l("Une photo, un document ou un lien se montre avec son expérience : cocher aussi « Mon récit »."),
    Refusal.PICTURE_BY_THREE: _l("Avant 15 ans, une photo ou un document se montre avec l’accord des deux parents."),
    Refusal.LINK_CLOSED: _l("Ce lien est fermé. En préparer un autre."),
    Refusal.NOT_BEFORE_13: _l("Avant 13 ans, rien ne sort du passeport, même à deux."),
    Refusal.FOR_UNDER_15: _l("À partir de 15 ans, on décide sans demander. Il n’y a rien à faire."),
    Refusal.ASKED_LATELY: _l("La réponse est toute récente. On peut redemander sept jours après."),
    Refusal.ASKED_OFTEN: _l("C’est beaucoup pour une journée. Recommencer demain : rien n’est perdu."),
    Refusal.REMINDED_ONCE: _l("Un seul rappel part par e-mail. Le code, lui, peut encore être montré."),
    Refusal.CAPACITY_MISSING: _l("Pour dire oui, choisir une des deux lignes."),
    Refusal.IMAGE_BY_PARENTS: _l("Pour les photos, il faut l’accord des deux parents. Choisir « Non » pour cette ligne."),
    Refusal.OTHER_PARENT_UNSAID: _l("Pour dire oui aux photos, dire aussi que vous êtes l’autre parent."),
    Refusal.OTHER_PARENT: _l("Pour les photos, l’autre parent répond aussi. Écrire une autre adresse, ou choisir le code."),
    Refusal.RECEIPT_UNKNOWN: _l("Ce code n’ouvre rien ici. Le recopier lettre par lettre, sans le 0 ni le 1."),
    Refusal.RECEIPT_OVER: _l("À partir de 15 ans, c’est l’enfant qui décide : ce code n’ouvre plus rien."),
    Refusal.ALREADY_YOURS: _l("C’est déjà décidé. Vous n’avez rien à faire."),
    Refusal.BADGE_MISSING: _l("Coller un lien ou un texte, ou choisir un fichier."),
    Refusal.BADGE_LARGE: _l("C’est trop grand. Choisir le fichier de l’attestation seule, de 10 Mo au plus."),
    Refusal.BADGE_BROKEN: _l("Cela ne se lit pas comme une attestation. Demander à la personne le fichier d’origine."),
    Refusal.BADGE_TWICE: _l("Une même ligne y est écrite deux fois : nous ne le lisons pas. Demander le fichier d’origine."),
    Refusal.BADGE_NOT_IN_PICTURE: _l("Cette image ne porte aucune attestation. Une capture d’écran ne suffit pas : demander le fichier d’origine."),
    Refusal.BADGE_OTHER: _l("C’est autre chose qu’une attestation signée. Demander à la personne le fichier d’origine."),
    Refusal.ADDRESS_OF_NOTHING: _l("Cette adresse n’ouvre rien ici. Coller le texte de l’attestation, ou choisir son fichier."),
    Refusal.NAME_MISSING: _l("Écrire le nom à montrer."),
    Refusal.PREVIEW_CHANGED: _l("Ce qui est montré a changé entre-temps. Relire la page, puis créer le lien."),
    Refusal.RECEIVED_MISSING: _l("Choisir un fichier, ou coller un texte."),
    Refusal.RECEIVED_LARGE: _l("C’est trop grand : 10 Mo au plus, dont 256 ko de texte. Choisir le fichier d’origine."),
    Refusal.RECEIVED_BROKEN: _l("Cela ne se lit pas. Demander le fichier d’origine à qui l’a donné."),
    Refusal.RECEIVED_TWICE: _l("Une même ligne y est écrite deux fois : cela ne se lit pas. Demander le fichier d’origine."),
    Refusal.RECEIVED_PICTURE: _l("Cette image ne porte aucune attestation. Une capture d’écran ne suffit pas : choisir le fichier d’origine."),
    Refusal.RECEIVED_OTHER: _l("Ce n’est pas une attestation signée. Pour un autre papier : l’ajouter à une expérience."),
    Refusal.RECEIVED_MANY: _l("Il y en a déjà 50 ici. En effacer, puis recommencer."),
    Refusal.PASSPORT_OTHER: _l("Ce n’est pas le fichier d’un passeport. Choisir le ZIP reçu de l’autre ville."),
    Refusal.PASSPORT_BROKEN: _l("Ce fichier est abîmé ou changé. Rien n’a été apporté : le reprendre dans l’autre ville."),
    Refusal.PASSPORT_HEAVY: _l("Ce fichier est trop lourd pour un passeport. Rien n’a été apporté."),
    Refusal.SHEET_UNTOLD: _l("Cocher la case : ce qui est imprimé ne peut pas être repris."),
    Refusal.SHEET_FULL: _l("Choisir cinq compétences au plus."),
    Refusal.SIGNING_LATER: _l("La Ville ne peut pas signer pour l’instant. Réessayer plus tard."),
    Refusal.CONTACT_PHONE: _l("Retirer le numéro de téléphone : on se parle sur place, ou par le passeport."),
    Refusal.CONTACT_ADDRESS: _l("Retirer l’adresse e-mail : on se parle sur place, ou par le passeport."),
    Refusal.CONTACT_HANDLE: _l("Retirer ce qui invite à se joindre ailleurs : on se parle sur place, ou par le passeport."),
    Refusal.CONTACT_LINK: _l("Retirer le lien vers une messagerie ou un réseau : on se parle sur place, ou par le passeport."),
    Refusal.CONTACT_SECRET: _l("Retirer la demande de secret : ici, personne ne demande de garder un secret."),
    Refusal.SENT_OTHERWISE: _l("Ce formulaire a déjà été envoyé avec un autre texte. Ouvrir la page, comparer, puis recommencer."),
}


def elided(words: str) -> str:
    """Return French words with the elision that a name inside them asks for: « Page d’Inès », « d’octobre »."""
    return re.sub(r"\b([Dd])e (?=[AEIOUYÀÂÄÉÈÊËÎÏÔÖÙÛÜŒaeiouyàâäéèêëîïôöùûüœ])", r"\1’", words)


def hour_words(instant: dt.datetime) -> str:
    """Return an hour of the day in the city: « 14 h 05 »."""
    there = instant.astimezone(CITY_ZONE)
    return str(_("%(hour)s h %(minute)s", hour=there.hour, minute=f"{there.minute:02d}"))


def version_words() -> str:
    """Return from when the page is that is being made: « Version du 3 mars, 14 h 05 »."""
    instant = clock.now()
    first = str(get_locale()) == "fr" and day_of(instant).day == 1
    day = format_date(day_of(instant), "'1er'\u00a0MMMM" if first else "d\u00a0MMMM")
    return str(_("Version du %(day)s, %(hour)s", day=day, hour=hour_words(instant)))


def first_name(name: str) -> str:
    """Return a name without its last initial: « Karim B. » reads « Karim » in a title."""
    words = name.split()
    return " ".join(words[:-1]) if len(words) > 1 and len(words[-1].rstrip(".")) == 1 else name


@lru_cache(maxsize=8)
def direction(language: str) -> str:
    """Return which way a language is written, as `dir` says it: "ltr" or "rtl"."""
    return str(Locale.parse(language).text_direction)


def say(refusal: Refusal) -> str:
    """Return the sentence of a refusal in the reader's language."""
    return str(SENTENCES[refusal])
