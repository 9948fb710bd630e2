"""Back, after each form that was sent: nothing is doubled by sending again what then stands there, nothing is stale."""

from __future__ import annotations

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
from tests.routes.test_registry import REGISTRY, methods
from tests.routes.test_whole_line import JOURNAL, count
from tests.routes.whole_line import OTHERWISE, at, filled, posts, prepare, somebody

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FORMS = (
    "returns.helping",  # the first one: whatever changes a passphrase, or takes a role, ends what waits here
    "accounts.home", "accounts.note_down", "accounts.passphrase", "accounts.sign_in", "accounts.sign_up", "card.card",
    "card.opens", "elsewhere.add", "experiences.add", "experiences.can_do", "experiences.edit",
    "experiences.story", "experiences.when", "experiences.where", "feedback.answer_request", "feedback.ask_send",
    "feedback.ask_team", "learning.add_kind", "learning.edit_kind", "learning.learned", "learning.reflect",
    "guardian.answer", "guardian.typed", "mail.reset", "mail.address", "mail.confirm", "mail.forgotten", "mail.unsubscribe",
    "organisations.accreditation", "organisations.add_organisation", "organisations.charter", "organisations.contact", "organisations.invitation",
    "organisations.co_reader", "organisations.invite", "organisations.join", "organisations.join_by_code", "organisations.minors", "organisations.record_check",
    "parents.hand_over", "parents.together", "recognition.ask", "recognition.offered", "recognition.recognise", "safety.bother",
    "cases.case", "cases.concern", "cases.note", "reader.card_report", "reader.report", "witness.concern", "sharing.audience", "sharing.choose", "sharing.extend", "sharing.preview", "sheets.prepare", "verify.page",
    "witness.answer", "witnesses.invite", "parents.come_of_age",
    "devices.mine", "rescue.sheet", "rescue.begin", "rescue.by_sheet", "lost.at_desk", "lost.close",
    "recognition.withdraw",  # the last one: what it takes back is on the sheet
)
# Files are sent by a script that stays on the page (tests/browser/test_evidence.py); what leads to what is one button each;
# the same name in a credential once more changes nothing (tests/routes/test_credentials.py).
# Who reads is one button each (tests/routes/test_protection.py).
# What is chosen on a phone that came back (tests/routes/test_returning.py) stands in its cookie alone.
# Asked for twice, a file for an inquiry is asked for once (tests/routes/test_inquiries.py).
# The code of a link leads to its page, and is asked for again by who goes back (tests/routes/test_said_code.py).
ELSEWHERE = {"rescue.phrase", "rights.take", "rights.bring", "rights.preview", "rights.name", "erasing.ask", "erasing.sealed_folder", "inquiries.inquiry", "reader.card", "reader.share", "protection.who_reads", "attestations.one", "evidence.add", "evidence.add_link", "learning.link"}
# Sent again on purpose: a letter that did not arrive; one more link for one more person;
# another number, and another sheet in the place of the first.
ONCE_MORE = {"mail.forgotten": {"job"}, "witnesses.invite": {"witness_invitation"},
             "rescue.begin": {"recovery", "job"}, "rescue.by_sheet": {"recovery"}, "rescue.sheet": {"rescue_code"}}
# Fills the form as somebody would and says where its button is; returns nothing when the page has no such form any more.
FILL = """body => {
  const form = [...document.querySelectorAll("main form[method=post]")].find(one => one.querySelector(".primary"));
  if (!form) return false;
  for (const [name, value] of Object.entries(body || {}))
    for (const field of [...form.elements].filter(one => one.name === name)) {
      if (["radio", "checkbox"].includes(field.type)) field.checked = [value].flat().includes(field.value) || value === "y";
      else if (field.type !== "file") field.value = value;
    }
  form.querySelector(".primary").setAttribute("data-here", "");
  return true;
}"""


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server in front of a city in which each form of the table can be sent; its clock stands at noon."""
    database = tmp_path_factory.mktemp("back") / "live.db"
    shutil.copy(sqlite_template, database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        with serving(database, lambda: furnish(make_cast(NOON), NOON)) as live:
            live.app.config["WTF_CSRF_ENABLED"] = False
            prepare(live)  # type: ignore[arg-type]
            live.app.config["WTF_CSRF_ENABLED"] = True
            yield live


def test_no_form_with_a_page_of_its_own_is_left_out(place: Live) -> None:
    assert {name for name in posts(place) if "GET" in methods(place, name)} == {*FORMS, *ELSEWHERE}  # type: ignore[arg-type]


def body_of(place: Live, endpoint: str) -> dict[str, Any]:
    own = OTHERWISE.get(endpoint)
    given = own.body if own else REGISTRY[endpoint].body or {}
    return {filled(place, k): filled(place, v) for k, v in given.items()  # type: ignore[arg-type]
            if not isinstance(v, bytes) and k not in {"submission", "version"}}


def press(page: Any) -> None:
    """Press the button of the form."""
    page.locator("[data-here]").evaluate("button => button.closest('details') && (button.closest('details').open = true)")
    with page.expect_navigation():
        page.locator("[data-here]").click()


@pytest.mark.parametrize("endpoint", FORMS)
def test_back_and_once_more_is_once(chromium: Any, place: Live, endpoint: str) -> None:
    windows = Windows(chromium, place)
    page = windows.open(somebody(endpoint) or "")
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status))
    address = place.url + at(place, endpoint)  # type: ignore[arg-type]
    page.goto(address)
    assert page.evaluate(FILL, body_of(place, endpoint)), page.url
    press(page)
    assert page.locator("main .err, main .summary").count() == 0, page.locator("main").inner_text()
    once = count(place)  # type: ignore[arg-type]
    if page.url != address:
        page.go_back()
        assert page.locator("html[lang=fr] h1").count() == 1
    if page.evaluate(FILL, {}):  # what stands there goes once more, as it stands
        press(page)
    now = count(place)  # type: ignore[arg-type]
    assert {name for name in now if now[name] != once[name]} <= JOURNAL | ONCE_MORE.get(endpoint, set()), {
        name: (once[name], now[name]) for name in now if now[name] != once[name]}
    assert max(answers) < 500
    windows.close()
    assert windows.said == []
