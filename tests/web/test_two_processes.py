"""Two served processes on one PostgreSQL: one is killed in the middle of a talk, and the other goes on with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.postgres import new_schema
from tests.serving import Served, serving
from tests.web.test_http import Page

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.usefixtures("model")]


def _say(served: Served, session: str, text: str) -> Page:
    answered = httpx.post(
        f"{served.address}/",
        data={"session": session, "text": text},
        follow_redirects=True,
        timeout=30,
        trust_env=False,
    )
    assert answered.status_code == 200
    return Page(answered.text)


def test_a_talk_goes_on_in_the_other_process_when_its_own_is_killed(tmp_path: Path) -> None:
    with new_schema() as schema:
        url = schema.render_as_string(hide_password=False)
        # Both start at once, as they do behind one proxy, and both want to make the table.
        with ThreadPoolExecutor(2) as starting:
            one, two = (serving(tmp_path, FOOTBRIDGE_CONVERSATIONS_URL=url) for _ in range(2))
            servers = [starting.submit(each.__enter__) for each in (one, two)]
            first, second = (server.result() for server in servers)
        try:
            session = _say(first, "", "i want him to say sorry").session
            consent = _say(second, session, "could this make it worse for me")
            assert consent.answers == ["consent"]
            # Killed inside a turn: what it has not kept is lost, what it held is free.
            with ThreadPoolExecutor(1) as talking:
                answer = talking.submit(_say, first, session, "how much does it cost")
                first.process.kill()
                first.process.wait()
                lost = answer.exception()
            assert lost is None or isinstance(lost, httpx.TransportError)
            went_on = _say(second, session, "yes")
            assert went_on.answers[0] in ("retraumatization_risk", "yes_to_what")
            assert _say(second, session, "show my goals").answers == ["my_goals"]
            assert _say(second, session, "say that again").answers[0] == "my_goals"
        finally:
            for each in (one, two):
                each.__exit__(None, None, None)
