"""Words of distress in one's own text, and ordinary ones that sound alike."""

from __future__ import annotations

import time

import pytest

from passport import distress


@pytest.mark.parametrize("words", [
    "J’ai envie de mourir.", "Je veux en finir avec la vie", "Je pense au suicide", "Je n’ai plus envie de vivre",
    "Parfois je me fais du mal.", "Je me scarifie", "Mon père me frappe", "Mon beau-père m’a touchée sous la table",
    "On me harcèle au collège", "Je me suis fait racketter", "J’ai peur de rentrer.", "Il m’a violée.",
    "I want to die", "I hurt myself", "I don’t want to live", "My stepdad hits me", "I was abused", "I am bullied at school",
    "I am scared to go home", "someone threatens me",
])
@pytest.mark.promise("S20", "passport.distress:is_there")
def test_words_of_distress_are_found(words: str) -> None:
    """When a learner's own text holds words of distress, help numbers stand beside it."""
    assert distress.is_there((None, "Samedi.", words))


@pytest.mark.parametrize("words", [
    "On était morts de rire.", "Ça m’a touchée, ce que tu as dit.", "J’ai battu mon record.", "Elle m’a forcé à réfléchir.",
    "J’ai peur de l’eau, mais j’ai plongé.", "Je me tue à la tâche", "La mort du petit cheval, une poésie", "We beat them 3-1",
    "I was dead tired.", "He hit the ball.", "J’ai frappé dans le ballon.", "", None,
])
@pytest.mark.promise("S20", "passport.distress:is_there")
def test_ordinary_words_are_left_alone(words: str | None) -> None:
    """Ordinary words that sound alike bring no help numbers."""
    assert not distress.is_there((words,))


def test_a_long_text_takes_no_time() -> None:
    for piece in ("mon x me ", "il m a ", "peur de ", "envie de ", "a"):
        begin = time.process_time()
        distress.is_there(((piece * 8000)[:8000],))
        assert time.process_time() - begin < 0.05
