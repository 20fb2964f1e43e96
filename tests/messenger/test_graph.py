"""Calls to the platform: what is taken, what is made again, and what each refusal is called."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from bot.channels.messenger.graph import GraphClient, GraphError
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from tests.messenger.conftest import client_of
from tests.messenger.service import PERSON

HELLO = {"text": "Hello."}


async def test_a_message_arrives_as_it_was_sent(graph: GraphClient, stand_in: StandIn) -> None:
    await graph.send(PERSON, HELLO)
    assert stand_in.sent_to(PERSON) == [HELLO]


async def test_typing_is_shown_and_its_failure_is_no_error(graph: GraphClient, stand_in: StandIn) -> None:
    await graph.typing(PERSON)
    await graph.typing("nobody")
    assert stand_in.typing == [PERSON]


async def test_the_thread_is_handed_on_and_taken_back(graph: GraphClient, stand_in: StandIn) -> None:
    await graph.pass_thread_control(PERSON, INBOX_APP)
    await graph.take_thread_control(PERSON)
    assert stand_in.controls == [
        ("pass_thread_control", PERSON, INBOX_APP),
        ("take_thread_control", PERSON, ""),
    ]


async def test_a_call_is_made_again_where_the_platform_is_busy(graph: GraphClient, stand_in: StandIn) -> None:
    stand_in.rate_limited = 2
    await graph.send(PERSON, HELLO)
    assert stand_in.refused == [613, 613]
    assert stand_in.sent_to(PERSON) == [HELLO]


async def test_it_gives_up_after_three_attempts(graph: GraphClient, stand_in: StandIn) -> None:
    stand_in.failures = 1.0
    with pytest.raises(GraphError) as raised:
        await graph.pass_thread_control(PERSON, INBOX_APP)
    assert raised.value.kind == "server"
    assert len(stand_in.refused) == 3
    assert stand_in.controls == []


async def test_a_message_that_a_failing_platform_may_have_taken_is_not_sent_again(
    graph: GraphClient, stand_in: StandIn
) -> None:
    stand_in.failures = 1.0
    with pytest.raises(GraphError) as raised:
        await graph.send(PERSON, HELLO)
    assert (raised.value.kind, raised.value.may_have_arrived) == ("server", True)
    assert len(stand_in.refused) == 1


async def test_the_platform_tells_what_it_took_last(graph: GraphClient, stand_in: StandIn) -> None:
    assert await graph.sent_to(PERSON) == ()
    ids = [await graph.send(PERSON, {"text": str(number)}) for number in range(25)]
    sent = await graph.sent_to(PERSON)
    assert [one.id for one in sent] == ids[:4:-1]
    assert all(abs(one.at - time.time()) < 60 for one in sent)


async def test_the_platform_tells_whose_login_it_is(graph: GraphClient, stand_in: StandIn) -> None:
    stand_in.logins["9009"] = PERSON
    assert await graph.people_of_login("9009") == (PERSON,)
    assert await graph.people_of_login("9010") == ()


async def test_an_answer_that_is_lost_on_its_way_may_have_arrived(graph: GraphClient, stand_in: StandIn) -> None:
    stand_in.lost = 1.0
    with pytest.raises(GraphError) as raised:
        await graph.send(PERSON, HELLO)
    assert (raised.value.kind, raised.value.may_have_arrived) == ("unreachable", True)
    assert stand_in.sent_to(PERSON) == [HELLO]


async def test_a_closed_window_is_called_so_and_not_tried_again(graph: GraphClient, stand_in: StandIn) -> None:
    stand_in.close_window(PERSON)
    with pytest.raises(GraphError) as raised:
        await graph.send(PERSON, HELLO)
    assert (raised.value.kind, raised.value.code) == ("window_closed", 10)
    assert stand_in.refused == [10]


@pytest.mark.parametrize(
    ("changed", "person", "message", "kind"),
    [
        ({}, "nobody", HELLO, "user_gone"),
        ({}, PERSON, {"text": "a" * 2001}, "bad_parameter"),
        ({"app_secret": "another"}, PERSON, HELLO, "bad_parameter"),
        ({"page_token": "another"}, PERSON, HELLO, "token_dead"),
    ],
)
async def test_each_refusal_has_a_name_and_is_not_tried_again(
    stand_in: StandIn, changed: dict[str, str], person: str, message: dict[str, str], kind: str
) -> None:
    client = client_of(stand_in, GraphClient, **changed)
    with pytest.raises(GraphError) as raised:
        await client.send(person, message)
    await client.aclose()
    assert raised.value.kind == kind
    assert len(stand_in.refused) == 1
    assert stand_in.sent_to(PERSON) == []


async def test_an_error_repeats_no_words_ids_or_secrets(
    graph: GraphClient, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.token_is_dead = True
    caplog.set_level(0)
    with pytest.raises(GraphError) as raised:
        await graph.send(PERSON, HELLO)
    await graph.typing(PERSON)
    for told in (str(raised.value), caplog.text):
        assert not any(secret in told for secret in ("Hello", PERSON, stand_in.page_token, "appsecret_proof"))


async def test_nobody_there_is_unreachable_and_nothing_arrived(stand_in: StandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = client_of(stand_in, address=nowhere)
    with pytest.raises(GraphError) as raised:
        await client.send(PERSON, HELLO)
    await client.aclose()
    assert (raised.value.kind, raised.value.may_have_arrived) == ("unreachable", False)


async def test_a_call_that_got_no_answer_is_not_made_again(stand_in: StandIn) -> None:
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def take_and_hang_up() -> None:
            connection, _ = listener.accept()
            calls.append(len(connection.recv(65536)))
            connection.close()

        taker = threading.Thread(target=take_and_hang_up)
        taker.start()
        client = client_of(stand_in, address=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(GraphError) as raised:
            await client.send(PERSON, HELLO)
        await client.aclose()
        taker.join()
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert raised.value.may_have_arrived
    assert len(calls) == 1
