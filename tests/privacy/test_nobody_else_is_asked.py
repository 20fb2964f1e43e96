"""A whole visit, from the start of the server to its end, opens no connection to another machine."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from bot.settings import PROJECT
from tests.privacy.watched_serve import NOBODY, SEEN
from tests.serving import serving
from tests.web.test_http import Page

LAUNCH = Path(__file__).with_name("watched_serve.py")
# From the first question to the sheet, and along what is heard, not understood, or in another language.
SAID = (
    "what is victim offender mediation",
    "could this make it worse for me",
    "yes",
    "say it in simpler words",
    "where does that come from",
    "i want him to say sorry",
    "that is all",
    "is there a program in Iowa",
    "springfield",
    "quiero una disculpa",
    "i want to die",
    "the purple kettle sings",
    "can i get a sheet to print",
)


@pytest.mark.slow
@pytest.mark.usefixtures("model", "directory_file")
def test_no_connection_leaves_the_machine_from_the_start_to_the_end_of_a_visit(tmp_path: Path) -> None:
    seen = tmp_path / "seen.txt"
    environment = {SEEN: str(seen), "PYTHONPATH": str(PROJECT)}
    environment["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{tmp_path / 'directory.db'}"  # filled at the start
    environment["FOOTBRIDGE_CONVERSATIONS_URL"] = f"sqlite:///{tmp_path / 'conversations.db'}"
    with (
        serving(tmp_path, command=(sys.executable, LAUNCH), **environment) as served,
        httpx.Client(base_url=served.address, follow_redirects=True, timeout=30, trust_env=False) as client,
    ):
        session, answers = "", []
        for said in SAID:
            page = Page(client.post("/", data={"session": session, "text": said}).text)
            session = page.session
            answers += page.answers
        assert {"what_is_vom", "retraumatization_risk", "program_card", "crisis_suicide", "sheet"} <= set(answers)
        for path, form in (("/sheet", {}), ("/more", {}), ("/leave", {"then": "exit"})):
            answered = client.post(path, data={"session": session, **form}, follow_redirects=path == "/sheet")
            assert answered.status_code in (200, 204, 303)
        for path in ("/livez", "/readyz", "/launcher.js", "/static/chat.js", "/nothing"):
            assert client.get(path).status_code in (200, 404)
    lines = seen.read_text().splitlines()
    # The watch was on, and sees what is looked up as well.
    assert lines[0].endswith(NOBODY)
    assert [line for line in lines if not line.endswith((NOBODY, " localhost", " 127.0.0.1", " None"))] == []
