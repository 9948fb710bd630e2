"""The letters of an account: a link to confirm, a link to come back in, and what an address should know."""

from __future__ import annotations

from flask_babel import gettext as _

from ..links import public_url
from ..notices.letters import LETTERS, Letter, followed
from ..notices.outbox import Outgoing
from . import addresses, devices, returning


def confirm(message: Outgoing) -> Letter:
    """Return the link that confirms an address."""
    return Letter(_("Confirmer une adresse e-mail"), (
        followed(_("Cette adresse a été donnée pour un passeport. Pour la confirmer, ouvrir ce lien, puis toucher le bouton :"),
                 public_url("mail.confirm", token=message.token)),
        _("Le lien sert une fois, pendant 24 heures."),
        _("Ce n’est pas vous ? Il n’y a rien à faire : sans ce geste, rien ne change."),
    ))


def known(_message: Outgoing) -> Letter:
    """Return what is said to an address that serves already."""
    return Letter(_("Cette adresse sert déjà"), (
        _("Cette adresse a été donnée pour un passeport, mais elle sert déjà à un autre. Rien n’a changé."),
        followed(_("C’est vous ? Voici où ouvrir votre passeport avec cette adresse :"), public_url("accounts.sign_in")),
        _("Ce n’est pas vous ? Il n’y a rien à faire."),
    ))


def reset(message: Outgoing) -> Letter:
    """Return the link to a new passphrase."""
    return Letter(_("Choisir une nouvelle phrase de passe"), (
        followed(_("Pour choisir une nouvelle phrase de passe :"), public_url("mail.reset", token=message.token)),
        _("Le lien sert une fois, pendant 15 minutes. Seul le dernier lien demandé marche."),
        _("Ce n’est pas vous ? Il n’y a rien à faire : la phrase reste la même."),
    ))


def changed(_message: Outgoing) -> Letter:
    """Return what is said to an address that serves no more."""
    return Letter(_("Cette adresse ne sert plus"), (
        _("Cette adresse e-mail ne sert plus au passeport. Aucun message n’y viendra plus."),
        followed(_("Ce n’est pas vous ? Voici à qui le dire :"), public_url("accounts.help_page")),
    ))


def factor(_message: Outgoing) -> Letter:
    """Return what is said when a second factor was added, taken away or begun anew."""
    return Letter(_("La double sécurité a changé"), (
        _("Ce qui confirme que c’est vous, en plus de la phrase de passe, vient de changer dans votre passeport."),
        followed(_("C’est vous ? Il n’y a rien à faire. Ce n’est pas vous ? Voici à qui le dire :"),
                 public_url("accounts.help_page")),
    ))


def new_device(_message: Outgoing) -> Letter:
    """Return what is said when a passport opens on a device it was not open on before."""
    return Letter(_("Le passeport s’ouvre sur un nouvel appareil"), (
        _("C’est vous ? Il n’y a rien à faire."),
        followed(_("Ce n’est pas vous ? Voici où déconnecter cet appareil, puis changer de phrase :"),
                 public_url("devices.mine")),
    ))


def way_back(_message: Outgoing) -> Letter:
    """Return what is said when somebody asks to come back into a passport."""
    return Letter(_("Quelqu’un demande à revenir dans le passeport"), (
        _("C’est vous ? Il n’y a rien à faire : deux personnes confirment, en vrai."),
        followed(_("Ce n’est pas vous ? Voici où l’arrêter :"), public_url("devices.mine")),
    ))


def way_back_done(_message: Outgoing) -> Letter:
    """Return what is said when somebody came back in with another passphrase."""
    return Letter(_("La phrase de passe a changé"), (
        _("Une nouvelle phrase de passe a été choisie. Tous les appareils sont déconnectés."),
        _("C’est vous ? Il n’y a rien à faire."),
        followed(_("Ce n’est pas vous ? Voici comment reprendre votre passeport :"), public_url("mail.forgotten")),
    ))


def register() -> None:
    """Say what an account writes."""
    LETTERS.update({addresses.CONFIRM: confirm, addresses.KNOWN: known, addresses.RESET: reset,
                    addresses.CHANGED: changed, devices.NEW_DEVICE: new_device, returning.WAY_BACK: way_back,
                    returning.DONE: way_back_done})
