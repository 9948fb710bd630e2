"""The words that sign-in names and proposed passphrases are made of."""

from __future__ import annotations

import secrets
from functools import lru_cache

from xkcdpass.xkcd_password import generate_wordlist
from zxcvbn import zxcvbn

LIST = "fr-freelang"
# Nobody is given one of these to say aloud: insults, bodies, deaths, drugs, peoples. Beginnings of words.
UNKIND = (
    "abrut", "arabe", "assassin", "attentat", "avort", "baiser", "bourreau", "bordel", "branl", "cadavre", "cancer", "cercueil",
    "chiant", "chienne", "chier", "cocu", "connard", "conne", "crever", "crim", "cucu", "culier", "culot", "debile",
    "deuil", "drogu", "encul", "enfoir", "enfer", "esclav", "fess", "foutr", "fusil", "gueul", "hain", "idiot",
    "imbecil", "inceste", "jesus", "juif", "juiv", "massacr", "merd", "meurt", "minable", "moche", "mort", "mour",
    "nazi", "negre", "negro", "nich", "nique", "nul", "obes", "pend", "pester", "piss", "porno", "prostit", "puant",
    "putain", "pute", "raci", "rate", "sado", "salop", "sang", "sexe", "sexu", "sodom", "suicid", "supplice", "tombe",
    "tortur", "tuan", "tue", "vagin", "viol", "voleu",
)
KIND_AFTER_ALL = frozenset({"culotte", "racine", "racines", "violet", "violette", "violon", "violons", "pendule", "pendant"})


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """Return the French words one can type on any keyboard and say aloud: 4 to 8 letters, no accent, no capital."""
    found = generate_wordlist(wordfile=LIST, min_length=4, max_length=8, valid_chars="[a-z]")
    return tuple(sorted(w for w in found if w in KIND_AFTER_ALL or not w.startswith(UNKIND)))


@lru_cache(maxsize=1)
def short_words() -> tuple[str, ...]:
    """Return the words of at most 6 letters, for sign-in names."""
    return tuple(w for w in words() if len(w) <= 6)


def sign_in_name() -> str:
    """Return a sign-in name to give: two words and a number, nothing of the person in it."""
    return f"{secrets.choice(short_words())}-{secrets.choice(short_words())}-{secrets.randbelow(90) + 10}"


def passphrase(not_these: str = "") -> str:
    """Return a proposed passphrase of four different words (at least 50 bits), none of them in `not_these`."""
    while True:
        chosen = [secrets.choice(words()) for _ in range(4)]
        phrase = " ".join(chosen)
        if len(set(chosen)) == 4 and not any(w in not_these for w in chosen) and guesses_log10(phrase) >= 10:
            return phrase


def guesses_log10(phrase: str, own_words: tuple[str, ...] = ()) -> float:
    """Return how many tries a passphrase takes, as a power of ten; zxcvbn reads 72 characters at most."""
    return float(zxcvbn(phrase[:72], user_inputs=[w for w in own_words if w])["guesses_log10"])
