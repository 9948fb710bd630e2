"""What the passport is, for four kinds of people: open to anybody, in both languages, with a way to a human."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.reading import words

PAGES = {"/le-passeport": "/creer", "/parents": "/aide#human", "/encadrer": "/aide#human", "/employeurs": "/aide#human", "/mes-droits": "/aide#human",
         "/accompagner": "/aide#human", "/libre": "/aide#human"}


@pytest.mark.parametrize(("address", "onward"), PAGES.items())
def test_anybody_reads_it_in_both_languages(client: FlaskClient, app: Flask, address: str, onward: str) -> None:
    french = client.get(address, headers={"Accept-Language": "fr"})
    english = client.get(address, headers={"Accept-Language": "en"})
    assert french.status_code == english.status_code == 200
    assert '<html lang="en" dir="ltr">' in english.get_data(as_text=True)
    assert words(french) != words(english)
    body = french.get_data(as_text=True)
    assert re.search(rf'<a class="[^"]*primary[^"]*" href="{onward}"', body)
    assert body.count("primary") == 1
    for other in set(PAGES) - {address}:
        assert f'href="{other}"' in body


def test_the_way_there_stands_in_the_footer_of_every_page_without_account(client: FlaskClient) -> None:
    for address in ("/", "/ouvrir", "/aide", "/s/" + "A" * 22):
        assert 'href="/le-passeport"' in client.get(address).get_data(as_text=True), address
