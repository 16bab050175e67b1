"""Sessions of pages: a cookie that only the services read, that ends, and that no other site can use."""

from __future__ import annotations

import pytest

from shared.identity.person import Role
from shared.identity.sessions import Cookies, Lifetimes, Sealer, Sessions, SessionTooLargeError
from tests.support.identity import person_with

SECRET = "one secret of at least thirty-two characters"
OTHER = "another secret of at least thirty-two letters"
PERSON = person_with(Role.OFFER_STAFF, offers=["havblik-1"])


class _Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _sessions(clock: _Clock, *secrets: str, url: str = "https://ledigplads.test") -> Sessions:
    return Sessions(secrets or (SECRET,), url, Lifetimes(idle=3600, whole=36_000), clock)


def _sent_back(cookie: str) -> str:
    return f"other=1; {cookie.partition(';')[0]}; more=2"


def test_a_browser_brings_back_who_logged_in(clock: _Clock) -> None:
    sessions = _sessions(clock)
    session = sessions.begin(PERSON, "Anne Prøve")
    assert sessions.read(_sent_back(sessions.cookie(session))) == session


def test_the_cookie_is_out_of_reach_of_scripts_other_hosts_and_plain_http(clock: _Clock) -> None:
    cookie = _sessions(clock).cookie(_sessions(clock).begin(PERSON, ""))
    assert cookie.startswith("__Host-ledigplads-session=")
    assert cookie.endswith("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure")
    assert "Domain" not in cookie


def test_two_stacks_on_one_machine_do_not_take_each_others_cookie() -> None:
    assert Cookies.at("http://127.0.0.1:8001", "session").name != Cookies.at("http://127.0.0.1:8002", "session").name


def test_the_cookie_says_nothing_to_who_cannot_decrypt_it(clock: _Clock) -> None:
    cookie = _sessions(clock).cookie(_sessions(clock).begin(PERSON, "Anne"))
    for word in ("Anne", "havblik", "offer"):
        assert word not in cookie


@pytest.mark.parametrize("place", [0, 40, 60, -20, -1])
def test_a_cookie_that_was_changed_is_nobodys(clock: _Clock, place: int) -> None:
    sessions = _sessions(clock)
    name, _, value = sessions.cookie(sessions.begin(PERSON, "")).partition(";")[0].partition("=")
    changed = list(value)
    # The last character carries two bits that count for nothing.
    changed[place] = "A" if changed[place] not in "ABCD" else "w"
    assert sessions.read(f"{name}={''.join(changed)}") is None


@pytest.mark.parametrize(
    "header", [None, "", "ledigplads", "__Host-ledigplads-session=", "__Host-ledigplads-session=a.b.c.d.e", "=;=;,"]
)
def test_what_is_no_cookie_is_nobodys(clock: _Clock, header: str | None) -> None:
    assert _sessions(clock).read(header) is None


def test_a_session_ends_an_hour_after_it_was_last_renewed_and_ten_hours_after_the_login(clock: _Clock) -> None:
    sessions = _sessions(clock)
    session = sessions.begin(PERSON, "")
    began = clock.now
    clock.now += 3599
    assert sessions.read(_sent_back(sessions.cookie(session))) is not None
    renewed = sessions.renew(session)
    clock.now += 1
    assert sessions.read(_sent_back(sessions.cookie(session))) is None
    assert sessions.read(_sent_back(sessions.cookie(renewed))) == renewed
    while renewed.expires < began + 36_000:
        clock.now = renewed.expires - 1
        renewed = sessions.renew(renewed)
    clock.now = began + 36_000
    assert sessions.read(_sent_back(sessions.cookie(renewed))) is None


def test_a_cookie_is_sent_again_only_when_it_is_worth_it(clock: _Clock) -> None:
    sessions = _sessions(clock)
    session = sessions.begin(PERSON, "")
    clock.now += 300
    assert not sessions.wants_renewal(session)
    clock.now += 100
    assert sessions.wants_renewal(session)


def test_a_new_secret_reads_what_the_one_before_it_wrote_and_nothing_older(clock: _Clock) -> None:
    before = _sessions(clock, OTHER)
    cookie = _sent_back(before.cookie(before.begin(PERSON, "")))
    assert _sessions(clock, SECRET, OTHER).read(cookie) is not None
    assert _sessions(clock, SECRET).read(cookie) is None


def test_what_was_sealed_for_one_purpose_does_not_open_for_another() -> None:
    sealed = Sealer([SECRET], "login").seal({"sub": "a"})
    assert Sealer([SECRET], "login").open(sealed) == {"sub": "a"}
    assert Sealer([SECRET], "session").open(sealed) is None


def test_a_forms_token_belongs_to_one_login(clock: _Clock) -> None:
    sessions = _sessions(clock)
    one, two = sessions.begin(PERSON, ""), sessions.begin(PERSON, "")
    assert sessions.is_csrf_of(one, sessions.csrf_of(one))
    assert sessions.is_csrf_of(sessions.renew(one), sessions.csrf_of(one))
    assert not sessions.is_csrf_of(one, sessions.csrf_of(two))
    assert not sessions.is_csrf_of(one, "")
    assert not sessions.is_csrf_of(one, "æ")


def test_what_no_browser_would_keep_is_said_instead_of_lost(clock: _Clock) -> None:
    sessions = _sessions(clock)
    some = person_with(Role.OFFER_STAFF, offers=[f"{number:08x}-aaaa-4aaa-8aaa-{number:012x}" for number in range(40)])
    assert len(sessions.cookie(sessions.begin(some, ""))) < 3_900
    many = person_with(Role.OFFER_STAFF, offers=[f"{number * 7919 % 65521:08x}{number * 104729:024x}" for number in range(600)])
    with pytest.raises(SessionTooLargeError):
        sessions.cookie(sessions.begin(many, ""))
