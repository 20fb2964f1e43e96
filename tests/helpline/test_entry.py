"""Nothing of the console without a session, and no session by guessing, stealing an old one, or a forged form."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount, Route

from bot.channels.application import create_application
from bot.channels.helpline.application import create_console
from bot.engine.engine import Engine
from bot.settings import settings
from bot.staff.accounts import IDLE, StaffAccounts
from tests.helpline.conftest import NAMES, PASSWORD, Clock, Desk, MakeDesk
from tests.web.conftest import unlimited

SIGN_IN = "/staff/sign-in"
FILLED = {"step": "open", "card": "cost", "moment": "angry"}


def _routes(engine: Engine) -> list[tuple[str, str]]:
    """Every method and address of the console, but for the sign-in page."""
    application, _ = create_console(engine, settings())
    found = []
    for route in application.routes:  # type: ignore[attr-defined]
        assert isinstance(route, Route)
        assert not isinstance(route, Mount)
        path = "/staff" + route.path.format(**FILLED)
        found += [(method, path) for method in sorted(route.methods or ()) if path != SIGN_IN]
    return found


async def test_no_route_answers_without_a_session(engine: Engine, make_desk: MakeDesk) -> None:
    desk = make_desk()
    routes = _routes(engine)
    assert len(routes) > 25
    for cookie in ("", "footbridge-staff=wrong", "footbridge-staff=; other=1", f"footbridge-staff={'x' * 5000}"):
        for method, path in [*routes, ("GET", "/staff"), ("GET", "/staff/none"), ("POST", "/staff/guide/none")]:
            answer = await desk.client.request(method, path, headers={"cookie": cookie} if cookie else {})
            if path == "/staff":
                assert answer.headers["location"] == "/staff/", path
            else:
                assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN), (method, path)
            assert answer.text == ""


async def test_a_page_that_asks_for_a_part_is_told_by_the_status(make_desk: MakeDesk) -> None:
    answer = await make_desk().client.post("/staff/guide", data={"q": "cost"}, headers={"x-part": "results"})
    assert (answer.status_code, answer.text) == (401, "")


async def test_the_console_is_not_served_unless_a_setting_says_so(client_without_staff: Desk) -> None:
    for path in ("/staff", "/staff/", SIGN_IN, "/static/helpline/console.css"):
        assert (await client_without_staff.get(path)).status_code == 404, path


async def test_the_survivors_page_sets_and_gets_no_cookie(desk: Desk) -> None:
    opened = await desk.client.get("/")
    assert "set-cookie" not in opened.headers
    assert "cookie" not in opened.request.headers
    assert "cookie" in (await desk.get("/staff/goals")).request.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_is_kept_from_scripts_other_sites_and_other_paths(make_desk: MakeDesk, scheme: str) -> None:
    desk = make_desk()
    desk.client.base_url = f"{scheme}://localhost"
    given = (await desk.sign_in(NAMES["lead"])).headers.get_list("set-cookie")
    session = next(cookie for cookie in given if "footbridge-staff=" in cookie)
    flags = {part.strip().lower() for part in session.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/staff"} <= flags
    assert ("secure" in flags) == session.startswith("__Secure-") == (scheme == "https")
    assert not any(flag.startswith(("expires", "max-age", "domain")) for flag in flags)


async def test_no_page_may_frame_the_console(make_desk: MakeDesk, engine: Engine) -> None:
    answer = await make_desk().get(SIGN_IN)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_in_gives_a_new_session_and_ends_the_one_before(desk: Desk) -> None:
    first = desk.client.cookies["footbridge-staff"]
    await desk.sign_in(NAMES["volunteer"])
    second = desk.client.cookies["footbridge-staff"]
    assert first != second
    desk.client.cookies.clear()
    answer = await desk.client.get("/staff/goals", headers={"cookie": f"footbridge-staff={first}"})
    assert answer.status_code == 303
    answer = await desk.client.get("/staff/goals", headers={"cookie": f"footbridge-staff={second}"})
    assert answer.status_code == 200


async def test_after_signing_out_the_cookie_opens_nothing_in_any_tab(desk: Desk) -> None:
    cookie = {"cookie": f"footbridge-staff={desk.client.cookies['footbridge-staff']}"}
    assert (await desk.post("/staff/sign-out")).headers["location"] == SIGN_IN
    assert "footbridge-staff" not in desk.client.cookies
    assert (await desk.client.get("/staff/goals", headers=cookie)).status_code == 303
    assert (await desk.client.post("/staff/guide", headers=cookie, data={"q": "cost"})).status_code == 303


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(make_desk: MakeDesk) -> None:
    told = []
    for name in (NAMES["lead"], "nobody-of-this-name"):
        desk = make_desk()
        desk.client._transport.client = ("10.1.0.1", 1)  # type: ignore[attr-defined]
        answer = await desk.sign_in(name, "a wrong password")
        told.append((answer.status_code, answer.text.replace(desk.token, "")))
    assert told[0] == told[1]
    assert told[0][0] == 401
    assert "not accepted" in told[0][1]


async def test_forged_forms_are_refused(desk: Desk, make_desk: MakeDesk) -> None:
    await desk.get("/staff/goals")
    elsewhere = [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
    for headers in elsewhere:
        answer = await desk.client.post("/staff/goals", data={"token": desk.token}, headers=headers)
        assert answer.status_code == 403
        assert "was not sent from your page" in answer.text
    other = make_desk()
    await other.sign_in(NAMES["admin"])
    for token in ("", "wrong", "\udcff".encode(errors="replace").decode(), other.token):
        assert (await desk.client.post("/staff/sign-out", data={"token": token})).status_code == 403
    assert (await desk.get("/staff/goals")).status_code == 200
    stranger = make_desk()
    data = {"name": NAMES["lead"], "password": PASSWORD, "token": desk.token}
    assert (await stranger.client.post(SIGN_IN, data=data)).status_code == 403
    assert (await stranger.get("/staff/goals")).status_code == 303


async def test_who_may_see_and_change_accounts(make_desk: MakeDesk, accounts: StaffAccounts) -> None:
    volunteer, lead, admin = [make_desk() for _ in range(3)]
    for desk, role in ((volunteer, "volunteer"), (lead, "lead"), (admin, "admin")):
        await desk.sign_in(NAMES[role])
    refused = await volunteer.get("/staff/accounts")
    assert refused.status_code == 403
    assert "Your role may not open this" in refused.text
    assert NAMES["admin"] not in refused.text
    seen = await lead.get("/staff/accounts")
    assert NAMES["admin"] in seen.text
    assert 'name="act"' not in seen.text
    new = {"act": "add", "name": "nora", "password": "a quiet river stone", "role": "volunteer"}
    for desk in (volunteer, lead):
        assert (await desk.post("/staff/accounts", **new)).status_code == 403
        assert (await desk.post("/staff/accounts", act="disable", account=NAMES["admin"])).status_code == 403
    await admin.get("/staff/accounts")
    assert "too short" in (await admin.post("/staff/accounts", **{**new, "password": "short"})).text
    assert "holds the name" in (await admin.post("/staff/accounts", **{**new, "password": "nora and the river"})).text
    assert "only admin" in (await admin.post("/staff/accounts", act="disable", account=NAMES["admin"])).text
    assert "That is done" in (await admin.post("/staff/accounts", **new)).text
    assert (await make_desk().sign_in("nora", "a quiet river stone")).status_code == 303
    assert "That is done" in (await admin.post("/staff/accounts", act="disable", account="nora")).text
    assert (await make_desk().sign_in("nora", "a quiet river stone")).status_code == 401
    acts = [(line.act, line.changed_by) for line in accounts.audit() if line.account == "nora"]
    assert ("account_added", NAMES["admin"]) in acts
    assert ("account_disabled", NAMES["admin"]) in acts


async def test_a_session_ends_after_thirty_idle_minutes_and_after_a_long_shift(accounts: StaffAccounts) -> None:
    clock = Clock()
    timed = StaffAccounts(settings().database_url, clock)
    token = timed.sign_in(NAMES["lead"], PASSWORD, "10.9.9.9")
    for _ in range(3):
        clock.now += IDLE - 1
        assert timed.session(token) is not None
    clock.now += IDLE
    assert timed.session(token) is None
    token = timed.sign_in(NAMES["lead"], PASSWORD, "10.9.9.9")
    for _ in range(24):
        assert timed.session(token) is not None
        clock.now += IDLE - 1
    clock.now += 60
    assert timed.session(token) is None


async def test_after_too_many_tries_the_right_password_has_to_wait_too(
    make_desk: MakeDesk, accounts: StaffAccounts
) -> None:
    accounts.add("theo", PASSWORD, "volunteer")
    desk = make_desk()
    desk.client._transport.client = ("10.1.0.2", 1)  # type: ignore[attr-defined]
    for _ in range(4):
        assert (await desk.sign_in("theo", "a wrong password")).status_code == 401
    refused = await desk.sign_in("theo")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 5
    assert "too many tries" in refused.text
    assert (await desk.get("/staff/goals")).status_code == 303


async def test_a_database_that_does_not_answer_is_told_with_numbers_that_help(engine: Engine, tmp_path: Path) -> None:
    configured = unlimited(staff=True, database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    transport = httpx.ASGITransport(create_application(engine, configured), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/staff/goals", headers={"cookie": "footbridge-staff=some"})
    assert answer.status_code == 503
    assert "Use the printed handbook" in answer.text
    assert "988" in answer.text
