"""Numbers that some reader takes for others, bodies that are packed or no text, pages of elsewhere."""

from __future__ import annotations

import gzip

import pytest

from tests.listening import served
from tests.serving import JSON, Api, api

ODD = ["1_0", "1.0", "%201", "1%20", "+1", "%2B1", "1e1", "0x1", "%D9%A1", "%EF%BC%91"]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/orders?limit={}", "limit"),
        ("GET", "/failures/log?after={}", "after"),
        ("POST", "/kiosk/rounds/{}/finish", "n"),
    ],
)
def test_a_number_is_written_in_digits(away: Api, method: str, path: str, name: str, text: str) -> None:
    answer = away(method, path.format(text))
    assert answer.status_code == 422 and answer.json()["detail"].startswith(f"{name}: found ")
    assert "a whole number is accepted, in digits" in answer.json()["detail"]


def test_numbers_in_digits_have_their_limits_as_before(away: Api) -> None:
    assert away("GET", "/failures/log?after=007").status_code == 200
    assert "greater than or equal to 0" in away("GET", "/failures/log?after=-1").json()["detail"]
    assert away("GET", f"/failures/log?after={2**53 + 1}").status_code == 422
    assert away("GET", "/failures/log?after=" + "9" * 400).status_code == 422
    assert away("POST", "/kiosk/rounds/7/finish").status_code == 404


@pytest.mark.parametrize("value", [b'"5"', b"true", b"[5]", b"1e400", b"NaN"])
def test_seconds_are_a_number(away: Api, value: bytes) -> None:
    answer = away.raw("/failures/freeze", b'{"seconds": ' + value + b"}")
    assert answer.status_code == 422 and answer.json()["detail"].startswith("seconds: ")


def test_a_packed_body_is_refused_and_not_read_as_if_it_were_none(away: Api) -> None:
    for coding in ("gzip", "GZIP", "br", "deflate", "identity, gzip", "x" * 500):
        for body in (gzip.compress(b"{}", mtime=0), b"{}"):
            answer = away("POST", "/orders", content=body, headers={**JSON, "content-encoding": coding})
            assert answer.status_code == 415 and answer.headers["accept-encoding"] == "identity"
            assert answer.json()["detail"].startswith("content-encoding: found ")
    plain = {**JSON, "content-encoding": "Identity"}
    assert away("POST", "/fleet/workers", content=b'{"slot": 77}', headers=plain).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"id": "\xff"}', "at byte 9 it is not utf-8; UTF-8 is accepted"),
        (b"[" * 30_000 + b"]" * 30_000, "it is nested too deep"),
        (gzip.compress(b"{}", mtime=0), "UTF-8 is accepted"),
    ],
)
def test_what_keeps_a_body_from_being_read_is_told(away: Api, body: bytes, words: str) -> None:
    answer = away.raw("/orders", body)
    assert answer.status_code == 400 and answer.json()["type"] == "/problems/not-json"
    assert words in answer.json()["detail"]


def test_a_decomposed_name_of_eight_letters_has_eight_letters() -> None:
    with api() as made:
        assert made.post("/kiosk/rounds", {"name": "e\u0308" * 8}).json()["name"] == "Ë" * 8
        assert made.post("/kiosk/rounds", {"name": "e\u0308" * 9}).status_code == 422


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "", "other"])
def test_a_page_of_elsewhere_without_an_origin_is_refused(away: Api, site: str) -> None:
    headers = {"sec-fetch-site": site}
    for method, path in (("POST", "/fleet/redeploy"), ("DELETE", "/fleet/workers/77"), ("GET", "/orders")):
        answer = away(method, path, headers=headers)
        assert answer.status_code == 403 and answer.json()["type"] == "/problems/foreign-page"
    followed = {**headers, "sec-fetch-mode": "navigate"}
    assert away("GET", "/healthz", headers=followed).status_code == 200
    assert away("POST", "/fleet/redeploy", headers=followed).status_code == 403
    assert away("POST", "/orderStatus", json={}, headers=headers).status_code == 200, "open to any page"


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_our_own_page_and_programs_are_let_in(away: Api, site: str | None) -> None:
    headers = {} if site is None else {"sec-fetch-site": site}
    assert away("DELETE", "/fleet/workers/77", headers=headers).status_code == 404


def test_what_is_no_http_is_told_without_words_of_our_code() -> None:
    with served() as one:
        for said in (b"G@T / HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET / HTTP/1.1\r\nX : a"):
            answer = one.say(said + b"\r\nHost: " + one.host.encode() + b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 400 ") and b"bytearray" not in answer
