"""A marked word that is typed into the console is found in no store, no log and no file."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import httpx
import pytest

from bot.directory.database import connect, upgrade
from bot.directory.importer import load_directory
from bot.settings import DATA
from bot.staff.accounts import StaffAccounts
from tests.helpline.conftest import PASSWORD, Desk
from tests.serving import serving

MARK = "zorblenka"


async def _type_everywhere(desk: Desk) -> None:
    await desk.get("/staff/guide")
    for typed in (MARK, f"{MARK} what does it cost", f"i want to die, says {MARK}", f"{MARK} " * 900):
        assert (await desk.post("/staff/guide", q=typed)).status_code == 200
        assert (await desk.post("/staff/script/listen", q=typed, place=typed)).status_code == 200
        assert (await desk.post("/staff/programs", place=f"{typed} Iowa")).status_code == 200
    bad = [
        await desk.post("/staff/guide", q=MARK * 5000),
        await desk.post("/staff/goals", goal=MARK, program=MARK, step=MARK, keys=MARK),
        await desk.post("/staff/sheet", program=MARK),
        await desk.post(f"/staff/guide/{MARK}"),
        await desk.client.post("/staff/guide", data={"q": MARK, "token": MARK}),
        await desk.client.post("/staff/guide", json={"q": MARK}),
        await desk.client.get(f"/staff/guide?q={MARK}", headers={"cookie": f"footbridge-staff={MARK}"}),
    ]
    assert [answer.status_code for answer in bad if answer.status_code >= 500] == []
    for answer in bad:
        # The ids of a call that travel with the page are the only words that come back.
        assert MARK not in re.sub(r'<input type="hidden" name="program" value="\w+">', "", answer.text)


@pytest.mark.slow
@pytest.mark.usefixtures("model")
async def test_nothing_typed_is_in_the_database_or_in_what_a_server_prints(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'footbridge.db'}"
    database = connect(url)
    upgrade(database)
    load_directory(database, DATA / "directory")
    database.dispose()
    StaffAccounts(url).add("vera", PASSWORD, "volunteer")
    environment = {"FOOTBRIDGE_DATABASE_URL": url, "FOOTBRIDGE_STAFF": "on", "LOG_LEVEL": "DEBUG"}
    with serving(tmp_path, TMPDIR=str(tmp_path), **environment) as served:
        async with httpx.AsyncClient(base_url=served.address, timeout=30, trust_env=False) as client:
            desk = Desk(client)
            await desk.get("/staff/sign-in")
            assert (await desk.post("/staff/sign-in", name=MARK, password=MARK)).status_code == 401
            assert (await desk.sign_in("vera")).status_code == 303
            await _type_everywhere(desk)
        acts = [line.act for line in StaffAccounts(url).audit()]
    assert acts == ["account_added", "sign_in_refused", "signed_in"]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert served.printed in files
    assert b"vera" in (tmp_path / "footbridge.db").read_bytes()  # a search would find it
    for path in files:
        assert MARK.encode() not in path.read_bytes(), path


async def test_nothing_typed_is_logged_at_any_level(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client names what it asks for
    with caplog.at_level(logging.DEBUG):
        await _type_everywhere(desk)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not any(MARK in message for message in ours)
    assert MARK not in "".join(capfd.readouterr())
