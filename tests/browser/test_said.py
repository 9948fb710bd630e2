"""What a screen reader says of the main screens, in order: their accessibility trees stand in said/, to be read by people.

`PASSPORT_WRITE_SAID=1` writes the files anew; the diff is reviewed by people.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passport import clock
from tests.browser.city import furnish
from tests.browser.conftest import Live, Windows, serving
from tests.cast import make_cast
from tests.conftest import NOON

pytestmark = pytest.mark.browser

SAID = Path(__file__).parent / "said"
# The screens of the three core stories, in the order of the stories: who stands there, and where.
SCREENS = {
    "a1-passport": ("lea", "/passeport"),
    "a2-add": ("lea", "/ajouter"),
    "a3-kept": ("lea", "/experience/{lea_x}/gardee"),
    "a4-can-do": ("lea", "/experience/{lea_x}/savoir-faire"),
    "a5-experience": ("lea", "/experience/{lea_x}"),
    "b1-whom-to-ask": ("lea", "/experience/{lea_x}/demander"),
    "b2-what-karim-will-see": ("lea", "/experience/{lea_x}/demander/personne/{m_karim}"),
    "b3-asked-of-me": ("karim", "/on-me-demande"),
    "b4-answer": ("nadia", "/on-me-demande/{request}"),
    "b5-witness": ("", "/t/{witness_lea_x}"),
    "b6-feedback": ("lea", "/retour/{feedback}"),
    "b7-ask-to-recognise": ("lea", "/retour/{feedback_free}/faire-reconnaitre"),
    "b8-recognise": ("karim", "/reconnaitre/{recognition}"),
    "b9-decide": ("ines", "/competences/{to_decide}"),
    "c1-show": ("lea", "/montrer"),
    "c2-choose": ("lea", "/montrer/choisir"),
    "c3-ready": ("ines", "/montrer/lien/{Mairie}"),
    "c4-reader": ("", "/s/{share}"),
    "c5-checked": ("", "/s/{share}/verifier/{item}"),
    "c6-closed": ("", "/s/{to_Club}"),
}
# What chance writes: tokens, codes, the port of the test.
CHANCE = (
    (r"127\.0\.0\.1:\d+", "passeport.example"),
    (r"/(s|t|c|d)/[\w-]{22}", r"/\1/…"),
    (r"\b[0-9A-Z]{4}[-\u2011][0-9A-Z]{4}\b", "AAAA-AAAA"),
)


@pytest.fixture(scope="module")
def still(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The city in which every state stands, at noon of one day for ever."""
    database = tmp_path_factory.mktemp("still") / "live.db"
    shutil.copy(sqlite_template, database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        with serving(database, lambda: furnish(make_cast(NOON), NOON)) as running:
            yield running


@pytest.fixture(scope="module")
def readers(chromium: Any, still: Live) -> Iterator[dict[str, Any]]:
    """A page of each person's own browser."""
    windows = Windows(chromium, still)
    yield {name: windows.open(name) for name in dict.fromkeys(who for who, _ in SCREENS.values())}
    windows.close()
    assert windows.said == []


def heard(page: Any) -> str:
    """Return what is said of a page, from its title to its last word; addresses are not said."""
    tree = page.locator("body").aria_snapshot()
    lines = [line for line in tree.splitlines() if not line.strip().startswith("- /url:")]
    text = "\n".join([f"# {page.title()}", *lines])
    for pattern, instead in CHANCE:
        text = re.sub(pattern, instead, text)
    return text + "\n"


@pytest.mark.parametrize("screen", SCREENS)
def test_what_is_said_of_each_screen(still: Live, readers: dict[str, Any], screen: str) -> None:
    who, pattern = SCREENS[screen]
    page = readers[who]
    page.goto(pattern.format_map({**still.cast.tokens, **{k: str(v) for k, v in still.cast.ids.items() if k != "share"}}))
    said = heard(page)
    file = SAID / f"{screen}.yaml"
    if os.environ.get("PASSPORT_WRITE_SAID") == "1":
        SAID.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == said, f"{screen}: see PASSPORT_WRITE_SAID=1"


def test_no_file_is_left_over() -> None:
    assert {file.stem for file in SAID.glob("*.yaml")} == set(SCREENS)


@pytest.mark.parametrize("screen", SCREENS)
def test_what_is_said_is_enough_to_go_on(screen: str) -> None:
    """Everything that can be operated has a name; landmarks come in order; the title is the first heading."""
    lines = (SAID / f"{screen}.yaml").read_text(encoding="utf-8").splitlines()
    nameless = [line for line in lines if re.search(
        r"- (?:link|button|textbox|searchbox|checkbox|radio|combobox|spinbutton|group|navigation|img|region|radiogroup)(?: \[.*\])?:?$", line)]
    assert [line for line in nameless if not line.strip().startswith("- group")] == []
    parts = [line.split()[1].rstrip(":") for line in lines if re.match(r"- (?:banner|main|contentinfo|navigation)\b", line)]
    assert parts[:3] == ["banner", "main", "contentinfo"]
    assert parts[3:] in ([], ["navigation"])
    buttons = [line.strip() for line in lines if line.strip().startswith("- button")]
    assert len(set(buttons)) == len(buttons), "two buttons are called the same"
    headings = [line for line in lines if "- heading" in line]
    assert "[level=1]" in headings[0]
