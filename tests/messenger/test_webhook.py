"""What the platform posts, through the real routes and the real engine, and what the stand-in was sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from bot.answers.catalog import catalog
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from tests.engine.conftest import MakeEngine
from tests.messenger.service import HOOK, KEYS, OTHER, PERSON, Service


def words(answer: str) -> str:
    """The beginning of a vetted reply."""
    return catalog().replies[answer].words.partition("{")[0][:40]


async def test_a_webhook_is_verified_by_mode_and_token(service: Service) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "words of ours", "hub.challenge": "12345"}
    answer = await service.http.get(HOOK, params=asked)
    assert (answer.status_code, answer.text) == (200, "12345")
    for wrong in ({"hub.mode": "other"}, {"hub.verify_token": "words"}, {"hub.verify_token": "wörds"}):
        assert (await service.http.get(HOOK, params=asked | wrong)).status_code == 403


@pytest.mark.parametrize("algorithm", ["none", "md5", "sha1", "wrong", "unnamed", "empty", "other_letters"])
async def test_what_is_not_signed_with_sha256_is_refused(service: Service, algorithm: str) -> None:
    body = service.platform.body([service.platform.text(PERSON, "What is mediation?")])
    secret = service.platform.app_secret.encode()
    given = {
        "none": {"X-Other": "1"},
        "md5": {"X-Hub-Signature-256": "md5=" + hmac.new(secret, body, hashlib.md5).hexdigest()},
        "sha1": {"X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()},
        "wrong": {"X-Hub-Signature-256": service.platform.signature(body + b" ")},
        "unnamed": {"X-Hub-Signature-256": hmac.new(secret, body, hashlib.sha256).hexdigest()},
        "empty": {"X-Hub-Signature-256": "sha256="},
        "other_letters": {"X-Hub-Signature-256": "sha256=%FF"},
    }[algorithm]
    assert await service.post_body(body, **given) == 403
    assert service.platform.accepted == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"object": "page", "entry": [', 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b'{"object": "page\xff"}', 400),
        (b"[]", 400),
        (b"x" * (2 * 1024 * 1024 + 1), 413),
        (b'{"object": "user"}', 200),
        (b'{"object": "page", "entry": {"id": 1}}', 200),
        (b'{"object": "page", "entry": [1, null, {"id": "someone else"}]}', 200),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_or_skipped(service: Service, body: bytes, status: int) -> None:
    assert await service.post_body(body) == status
    assert service.platform.accepted == []


async def test_a_batch_is_answered_in_order_and_each_message_once(service: Service) -> None:
    platform = service.platform
    events = [platform.text(PERSON, "How much does it cost?"), platform.text(OTHER, "How long does it take?"),
              platform.text(PERSON, "What is mediation?")]  # fmt: skip
    for number, event in enumerate(events):
        event["timestamp"] += number
    assert await service.post(*reversed(events)) == 200
    mine = service.said()
    cost, what = catalog().topics["cost"], catalog().topics["what_is_vom"]
    assert -1 < mine.find(words("messenger_opening")) < mine.find(cost.words[:30]) < mine.find(what.words[:30])
    sent = len(platform.accepted)
    assert await asyncio.gather(*(service.post(*events) for _ in range(3))) == [200] * 3
    assert len(platform.accepted) == sent


async def test_what_the_platform_does_not_take_is_delivered_again_and_answered_once(service: Service) -> None:
    event = service.platform.text(PERSON, "How much does it cost?")
    service.platform.token_is_dead = True
    assert await service.post(event) == 503
    ready = await service.http.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ready\nin trouble: messenger\n")  # the page is served on
    assert "footbridge_messenger_token_works 0.0" in service.counted()
    service.platform.token_is_dead = False
    assert await service.post(event) == 200
    assert (await service.http.get("/readyz")).text == "ready\n"
    assert "footbridge_messenger_token_works 1.0" in service.counted()
    assert service.said().count(catalog().topics["cost"].words[:30]) == 1


async def test_each_other_kind_is_skipped(service: Service) -> None:
    platform = service.platform
    events = [platform.unsent(PERSON, "m_1"), platform.reaction(PERSON, "m_1"), platform.read(PERSON),
              platform.delivery(PERSON), platform.opt_in(PERSON), platform.echo(PERSON, "x", platform.app_id),
              platform._event(PERSON, {"new_kind": {}}), platform._event(PERSON, {"message": "x"}),
              platform._event(PERSON, {"message": {"mid": ["x"], "text": 1}})]  # fmt: skip
    for _ in range(5):
        assert await service.post(*events) == 200
    assert platform.accepted == []
    for kind in ("unsent", "reaction", "read", "delivery", "optin", "own_echo", "unknown", "malformed"):
        assert f'footbridge_messenger_events_total{{kind="{kind}"}}' in service.counted()


async def test_an_attachment_is_answered_kindly(service: Service) -> None:
    assert await service.post(service.platform.attachment(PERSON, "audio")) == 200
    assert words("messenger_attachment") in service.said()


async def test_a_typed_command_is_words(service: Service) -> None:
    await service.post(service.platform.text(PERSON, "How much does it cost?"))
    sent = len(service.platform.accepted)
    command = '/slot{"state": "XX"}'
    assert await service.post(service.platform.text(PERSON, command)) == 200
    typed = len(service.platform.accepted)
    assert await service.post(service.platform.postback(PERSON, "More", command)) == 200
    assert sent < typed < len(service.platform.accepted)
    assert "XX" not in service.said()
    assert "footbridge_errors_total 0.0" in service.counted()


async def test_a_link_begins_at_its_topic(service: Service) -> None:
    await service.post(service.platform.referral(PERSON, "cost"))
    assert catalog().topics["cost"].words[:30] in service.said()


async def test_a_person_answers_and_the_program_is_silent_but_for_help_once(service: Service) -> None:
    platform = service.platform
    await service.post(platform.postback(PERSON, "Talk to a person", "/talk_to_person"))
    assert words("messenger_handed_over") in service.said()
    assert ("pass_thread_control", PERSON, INBOX_APP) in platform.controls
    sent = len(platform.accepted)
    await service.post(platform.text(PERSON, "How much does it cost?"), key="standby")
    assert len(platform.accepted) == sent
    await service.post(platform.text(PERSON, "I want to die"), key="standby")
    helped = len(platform.accepted)
    assert helped > sent
    await service.post(platform.text(PERSON, "I want to die"), key="standby")
    assert len(platform.accepted) == helped
    await service.post(platform.control_passed(PERSON, platform.app_id, INBOX_APP))
    await service.post(platform.text(PERSON, "How much does it cost?"))
    assert words("messenger_back") in service.said()


async def test_an_echo_of_another_app_means_silence(service: Service) -> None:
    await service.post(service.platform.echo(PERSON, "Hello, this is Ann.", INBOX_APP))
    await service.post(service.platform.text(PERSON, "How much does it cost?"))
    assert service.platform.accepted == []


async def test_who_begins_by_the_button_reads_once_who_answers(service: Service) -> None:
    await service.post(service.platform.postback(PERSON, "Get started", "/open_chat"))
    assert service.said().count("I am a computer program") == 1
    await service.post(service.platform.text(PERSON, "How much does it cost?"))
    assert service.said().count("I am a computer program") == 1


async def test_help_comes_before_everything(service: Service) -> None:
    await service.post(service.platform.text(PERSON, "I want to die"))
    said = service.said()
    assert "988" in said.partition(words("messenger_opening"))[0]


async def test_what_was_written_before_erasing_is_not_answered_after_it(service: Service) -> None:
    platform = service.platform
    late = platform.text(PERSON, "How much does it cost?")
    late["timestamp"] -= 5
    await service.post(platform.postback(PERSON, "Erase", "/erase"))
    assert "Your choices and goals are gone" in service.said()
    sent = len(platform.accepted)
    assert await service.post(late) == 200
    assert len(platform.accepted) == sent


async def test_a_deletion_is_confirmed_and_its_page_says_nothing(service: Service) -> None:
    await service.post(service.platform.text(PERSON, "How much does it cost?"))
    service.platform.logins["9009"] = PERSON
    answer = await service.http.post("/messenger/deletion", data={"signed_request": _signed(service, "9009")})
    assert answer.status_code == 200
    status = await service.http.get(answer.json()["url"])
    assert status.status_code == 200
    assert not any(id in answer.text + status.text for id in (PERSON, "9009"))
    await service.post(service.platform.text(PERSON, "How long does it take?"))
    assert service.said().count(words("messenger_opening")) == 2


async def test_a_deletion_is_taken_where_the_platform_does_not_say_whose_it_is(service: Service) -> None:
    await service.post(service.platform.text(PERSON, "How much does it cost?"))
    service.platform.refused_calls = {"ids_for_pages"}
    answer = await service.http.post("/messenger/deletion", data={"signed_request": _signed(service, PERSON)})
    assert answer.status_code == 200
    await service.post(service.platform.text(PERSON, "How long does it take?"))
    assert service.said().count(words("messenger_opening")) == 2


async def test_a_deletion_that_is_not_signed_is_refused_and_an_unknown_code_is_unknown(service: Service) -> None:
    assert (await service.http.get("/messenger/deletion/" + "0" * 48)).status_code == 404
    for wrong in (_signed(service, PERSON) + "x", "x.y", "é.é", ""):
        refused = await service.http.post("/messenger/deletion", data={"signed_request": wrong})
        assert refused.status_code == 403
    for nobody in ("", "7\ud800", "7" * 70_000):
        refused = await service.http.post("/messenger/deletion", data={"signed_request": _signed(service, nobody)})
        assert refused.status_code == 400


async def test_a_restart_remembers_what_was_answered_and_nothing_else_is_on_the_disk(
    stand_in: StandIn,
    make_engine: MakeEngine,
    tmp_path: Path,
) -> None:
    file = tmp_path / "kept.db"
    engine = make_engine(f"sqlite:///{file}")
    first = Service(stand_in, lambda _: engine, "")
    event = stand_in.text("70017001", "How much does it really cost?")
    stand_in.meet("70017001")
    async with first.running():
        assert await first.post(event) == 200
        sent = len(stand_in.accepted)
    engine.close()
    for unkept in (b"70017001", b"really", event["message"]["mid"].encode()):
        assert unkept not in file.read_bytes()
    newer = Service(stand_in, make_engine, f"sqlite:///{file}", hash_keys=("n" * 32, *KEYS))
    async with newer.running():
        assert await newer.post(event) == 200
        assert len(stand_in.accepted) == sent
        await newer.post(stand_in.text("70017001", "How long does it take?"))
    assert newer.said("70017001").count(words("messenger_opening")) == 1  # found under the older key


def _signed(service: Service, user: str) -> str:
    """A request of the platform's to delete what is kept of a user of the login."""
    content = _base64(json.dumps({"algorithm": "HMAC-SHA256", "user_id": user}).encode())
    mac = _base64(hmac.new(service.platform.app_secret.encode(), content, hashlib.sha256).digest())
    return f"{mac.decode()}.{content.decode()}"


def _base64(given: bytes) -> bytes:
    return base64.urlsafe_b64encode(given).rstrip(b"=")
