"""Runs turns: a message in, vetted replies out. It answers with help numbers even when everything else fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from bot.actions.leading_away import leading_away
from bot.actions.talk import LAST_SAID
from bot.answers.catalog import Catalog, catalog
from bot.answers.rendering import WEB, RenderedReply, Renderer
from bot.answers.topic_search import TopicSearch
from bot.answers.views import ProgramView
from bot.engine.action_endpoint import InProcessActions
from bot.engine.carried_codes import Carried
from bot.engine.conversation_database import ConversationDatabase, ConversationsUnavailable
from bot.engine.conversation_locks import HeldByTheEngine
from bot.engine.conversation_state import Standing, is_message_number
from bot.engine.conversation_store import ConversationStore, HeldConversation, conversation_id
from bot.engine.gate import FORM, VALUES, AnswerGate, GatedChannel, renderer
from bot.engine.model import ModelUnreadable, find_model
from bot.engine.page_tickets import NextView, Said
from bot.settings import DATA, settings
from bot.understanding.language_reader import ENGLISH, LANGUAGE, SPANISH
from bot.understanding.messages import ASK, CRISIS, DANGER, FALLBACK, OUT_OF_SCOPE
from bot.understanding.place_words import PlaceWords
from bot.understanding.plain_text import plain_text
from bot.understanding.safety_rules import Firing, SafetyRules, safety_rules
from bot.understanding.topic_classifier import topics_among

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 2000  # characters; several times what people write to a chat, and it bounds the time of a turn
# Characters that `parse` reads for topic, goals and place, the last ones of a text, because most people ask at the end.
# The rules of the safety net are held against all of it.
LONGEST_READ = 500
_FORGETTING = frozenset({"started_over", "erased"})


@dataclass(frozen=True)
class Understanding:
    """What was understood of one message, outside any conversation. Ids are those of the vetted data.

    Attributes:
        topic: the topic or act, the likeliest one where several are offered, or "out_of_scope".
        confidence: how sure that is, from 0 to 1.
        answered: whether it would be answered or done at once.
        offered: ids of the topics that would be offered as buttons instead, likeliest first.
        crises: what the safety net heard, the first to be helped first.
        goals: ids of the goals that were named.
        state: USPS code of the state, or None.
        states: every place that was read, most likely first.
        language: "es" for Spanish, otherwise "en".
        danger: how sure the classifier of the safety net is, from 0 to 1, that there is danger of some kind.
    """

    topic: str
    confidence: float
    answered: bool
    offered: tuple[str, ...]
    crises: tuple[Firing, ...]
    goals: tuple[str, ...]
    state: str | None
    states: tuple[str, ...]
    language: str
    danger: float = 0.0

    @property
    def crisis(self) -> str | None:
        """The crisis whose help is shown first, or None."""
        return next((firing.crisis for firing in self.crises), None)


@dataclass(frozen=True)
class Turn:
    """What one turn said, and where the conversation stands after it.

    Attributes:
        replies: what was said, in order.
        topic: the topic that this turn answered, or None.
        pending: the topic that waits for consent, or what is asked for, or None.
        crisis: the crisis that was found, or None.
        goals: ids of the goals named so far.
        state: USPS code of the state, "US" for the federal system, or None.
        asks: "goals", "state", "confirm", "consent" or None.
        programs: the programs shown in this turn.
        ended: whether the person stopped here.
        language: "es" where the message was in Spanish: then a reply in Spanish stands first. Otherwise "en".
        goes_on: whether the conversation exists after this turn, so that the next message may name it.
        gone: whether it was to go on and does not exist: it was erased, has ended, or never began.
    """

    replies: tuple[RenderedReply, ...]
    topic: str | None = None
    pending: str | None = None
    crisis: str | None = None
    goals: tuple[str, ...] = ()
    state: str | None = None
    asks: str | None = None
    programs: tuple[ProgramView, ...] = ()
    ended: bool = False
    language: str = ENGLISH
    goes_on: bool = False
    gone: bool = False


class Engine:
    """The assistant, loaded once and shared by every channel."""

    def __init__(
        self, agent: Agent, conversations: ConversationStore, gate: AnswerGate, words: Renderer, net: SafetyRules
    ) -> None:
        self._agent = agent
        self._conversations = conversations
        self._gate = gate
        self._words = words
        self._catalog: Catalog = catalog()
        self._net = net
        self._search = TopicSearch(self._catalog)

    @classmethod
    def load(cls, models: Path, conversations: ConversationStore | None = None) -> Engine:
        """Load the trained model that lies in the folder `models`.

        Args:
            conversations: where conversations are kept; where the settings say, if it is not given.

        Raises:
            ConversationsUnavailable: the conversations' database cannot be used.
            ModelMissing: it was not trained, or from other inputs.
            ModelUnreadable: its file is damaged.
            AnswerDataError, DirectoryDataError, SafetyRulesError, PlaceWordsError, LedAwayDataError: data cannot be
                used.
        """
        path = find_model(models)
        net = safety_rules()
        PlaceWords.load(DATA / "places" / "words.yml")
        leading_away()
        words = renderer()
        gate = AnswerGate(words=words)
        conversations = conversations or ConversationStore(settings().conversations_url, settings().talk_minutes)
        try:
            agent = Agent.load(
                path,
                generator=gate,
                lock_store=HeldByTheEngine(),
                action_endpoint=InProcessActions(),
            )
        except Exception as error:
            raise ModelUnreadable(
                f"{path} cannot be loaded ({type(error).__name__}). Delete it and run `footbridge train`."
            ) from error
        # Rasa wraps a store that it is given in one that hides every failure and goes on in memory.
        conversations.domain = agent.domain
        agent.tracker_store = agent.processor.tracker_store = conversations
        return cls(agent, conversations, gate, words, net)

    @property
    def words(self) -> Renderer:
        """The renderer of vetted answers, for views that stand outside a conversation."""
        return self._words

    @property
    def conversations(self) -> ConversationDatabase:
        """The conversations' database, for what a channel has to keep beside them."""
        return self._conversations.database

    async def knows(self, session: str) -> bool:
        """Whether a conversation of this id exists. Raises: ConversationsUnavailable."""
        return await self._conversations.knows(session)

    async def conversations_held(self) -> int:
        """How many conversations there are now. Raises: ConversationsUnavailable."""
        return await self._conversations.count()

    async def erase(self, session: str) -> None:
        """Remove all of a conversation, after the turn that runs in it, if one does; does nothing where there is none.

        Raises:
            ConversationsUnavailable, TimeoutError: it could not be removed; it ends by itself when its time is over.
        """
        async with self._conversations.hold(session) as held:
            await held.remove()

    async def extend(self, session: str) -> bool:
        """Give a conversation its full time again; False when it does not exist.

        Raises:
            ConversationsUnavailable, TimeoutError: it could not be done.
        """
        async with self._conversations.hold(session) as held:
            await held.extend()
            return held.standing is not None

    async def put_by(self, turn: Turn, view: NextView) -> str | None:
        """A ticket for a page that shows what a turn said, as `view` says; None where there is none to be had.

        Raises:
            WordsInState: the turn said something that is no vetted answer.
            ConversationsUnavailable, TimeoutError: it could not be kept.
        """
        tickets = self._conversations.tickets
        view = replace(view, said=tuple((reply.id, reply.values, reply.form) for reply in turn.replies))
        if not view.token:
            return await tickets.issue(view)
        async with self._conversations.hold(conversation_id(view.token)) as held:
            if held.standing:
                return await tickets.issue(view, held.id)
            # Somebody erased it after this turn, or the token is no token; a refusal is shown all the same.
            return None if turn.goes_on else await tickets.issue(replace(view, token=""))

    async def take_up(self, ticket: str) -> tuple[Turn, NextView] | None:
        """What a ticket stands for, once; None if it was taken up before, has ended, or never was.

        Raises:
            ConversationsUnavailable: it could not be read.
        """
        view = await self._conversations.tickets.redeem(ticket)
        if view is None:
            return None
        try:
            replies = await asyncio.to_thread(self._rendered_again, view.said, WEB)
        except Exception as error:  # noqa: BLE001 - whatever breaks, the person still gets help numbers and their token
            logger.error("A page could not be shown: %s", type(error).__name__)
            replies = self._rendered(["something_broke"], WEB)
        return Turn(replies), view

    async def carry_out(self, session: str) -> str | None:
        """A code with which the goals and the state of a conversation can be taken to the web page, once.

        None where there are too many codes.

        Raises:
            WordsInState: something that was kept is no id.
            ConversationsUnavailable, TimeoutError: it could not be kept.
        """
        async with self._conversations.hold(session) as held:
            slots = held.standing.slots if held.standing else {}
            carried = Carried(tuple(slots.get("goals") or ()), slots.get("state"))
            return await self._conversations.codes.issue(carried, held.id)

    async def carry_in(self, session: str, code: str, channel: str = WEB) -> Turn:
        """Go on in a conversation with what a code carries; one begins where there is none of this id. Never raises.

        Args:
            code: as `bot.answers.web_code.read_code` gives it.
        """
        try:
            async with self._conversations.hold(session) as held:
                standing = held.standing
                if standing is None and await self._conversations.is_full():
                    return self._state(None, self._rendered(["too_many"], channel))
                carried = await self._conversations.codes.redeem(code)
                if carried is None:
                    said = self._rendered(["code_unknown"], channel)
                    return replace(self._state(standing, said), goes_on=standing is not None)
                before = standing or Standing()
                goals = list(dict.fromkeys((*(before.slots.get("goals") or ()), *carried.goals)))
                state = before.slots.get("state") or carried.state
                taken = {name: value for name, value in (("goals", goals), ("state", state)) if value}
                await held.keep(replace(before, slots={**before.slots, **taken}))
        except Exception as error:  # noqa: BLE001 - whatever breaks, the person gets help numbers
            logger.error("What somebody took along could not be taken in: %s", type(error).__name__)
            return self._state(None, self._rendered(["something_broke"], channel))
        turn = await self.turn(session, "/my_goals", channel, begin=True)
        return replace(turn, replies=(*self._rendered(["code_taken"], channel), *turn.replies))

    async def remove_expired(self) -> int:
        """Remove the conversations that have ended, and return how many there were.

        Raises:
            ConversationsUnavailable, TimeoutError: not all could be removed; none of them is read any more.
        """
        return await self._conversations.remove_expired()

    def close(self) -> None:
        """Let go of the conversations' database."""
        self._conversations.close()

    def help_in(self, text: str, channel: str = "web") -> tuple[RenderedReply, ...]:
        """The crisis replies that `text` calls for, outside any conversation; empty when it calls for none."""
        return self._rendered([firing.crisis for firing in self._net.find(plain_text(text))], channel)

    async def parse(self, text: str) -> Understanding:
        """What is understood of `text`, without a conversation. Danger is heard in all of it, however long it is."""
        given, text = text, plain_text(text)
        heard: list[Firing] = []
        if self._words.is_payload(given):
            text = given  # an id is no word: cleaning would shorten one with "ccc" in it
        elif not self._words.is_payload(text):
            text = text.lstrip("/ ") or " "
            heard = self._heard(text)
        found = await self._agent.parse_message(text[-LONGEST_READ:].lstrip("/ ") if len(text) > LONGEST_READ else text)
        entities = found.get("entities", [])
        known = {firing.crisis for firing in heard}
        heard += [firing for firing in _firings(entities) if firing.crisis not in known]
        heard.sort(key=lambda firing: self._net.order.index(firing.crisis))
        intent: Mapping[str, Any] = found["intent"]
        topics = _values(entities, "topic")
        likely = _values(entities, "likely_topic")
        # Help comes first; the topic is what would have been answered without it.
        name = _likeliest(found) if intent["name"] == CRISIS else str(intent["name"])
        offered = likely if name == FALLBACK and not heard else ()
        return Understanding(
            topic=(topics or likely or (OUT_OF_SCOPE,) if name in (ASK, FALLBACK) else (name,))[0],
            confidence=_confidence(found),
            answered=bool(heard) or (not offered and name not in (FALLBACK, OUT_OF_SCOPE)),
            offered=offered,
            crises=tuple(heard),
            goals=tuple(dict.fromkeys((*_values(entities, "goal"), *_values(entities, "possible_goal")))),
            state=next(iter(_values(entities, "state")), None),
            states=_values(entities, "state") or _values(entities, "possible_state"),
            language=SPANISH if _is_spanish(found) else ENGLISH,
            danger=float(found.get(DANGER) or 0.0),
        )

    async def likeliest_topics(self, text: str, count: int = 3) -> tuple[str, ...]:
        """At most `count` ids of topics that somebody looks for who types `text`, likeliest first. Nothing is kept.

        A question in a person's own words is ranked as the bot understands it. One or two words, finished or not, are
        looked for in titles and questions first.
        """
        text = plain_text(text).lstrip("/ ")[-LONGEST_READ:].lstrip("/ ")
        if not text:
            return ()
        found = await self._agent.parse_message(text)
        ranking = [(str(label["name"]), float(label["confidence"])) for label in found.get("intent_ranking") or []]
        return tuple(dict.fromkeys((*self._search.find(text), *topics_among(ranking))))[:count]

    async def turn(self, session: str, text: str, channel: str = "web", *, begin: bool, message: str = "") -> Turn:
        """Take what arrived in a conversation and answer it. Never raises: a failure is answered with help numbers.

        Args:
            session: the conversation's id, the SHA-256 of what names it in its channel.
            text: what was typed, a button's title, or a button's payload. Empty text opens a new conversation.
            channel: name of the channel.
            begin: whether a conversation begins where there is none of this id. Otherwise the turn says that it is
                gone, also where it went while the turn waited for the one before.
            message: the number that the page gave to this message (`is_message_number`), or "". A message that arrives
                once more, because its answer did not, is not taken again: its answer is.
        """
        given, text = text, plain_text(text)
        read: dict[str, Any] | None = None
        standing: Standing | None = None
        told = False
        try:
            if self._words.is_payload(given):
                text = given
            read = await self._read(text)
            async with self._conversations.hold(session) as held:
                standing = held.standing
                held.message = message if is_message_number(message) else ""
                told = bool(standing and standing.slots.get(LANGUAGE))
                if standing and held.message and held.message == standing.message and self._is_answer(standing, text):
                    turn, told = await self._say_again(held, standing, channel), standing.told
                else:
                    turn = await self._answer(held, text, read, channel, begin)
        except Exception as error:  # noqa: BLE001 - whatever breaks, the person still gets the help card
            # Neither the message nor the error's text is logged: both may hold what the person typed. The database's
            # holds no values.
            known = isinstance(error, ConversationsUnavailable)
            logger.error("A turn failed: %s", error if known else type(error).__name__)
            # Where nothing could be read, the person may try again with the token that they have.
            turn = replace(self._failed(standing, text, read, channel), goes_on=not begin or standing is not None)
        spanish: tuple[RenderedReply, ...] = ()
        if read and _is_spanish(read):
            # In full once in a conversation; the slot says that somebody has written in Spanish before. Kept out of the
            # conversation itself, so that "say that again" repeats the answer.
            spanish = self._rendered(["spanish_again" if told else "spanish"], channel)
        return replace(turn, replies=(*spanish, *turn.replies), language=SPANISH if spanish else ENGLISH)

    def _is_answer(self, standing: Standing, text: str) -> bool:
        """Whether what was said last can be the answer to `text`: where that calls for help, help was said."""
        said = [str(answer) for answer, _, _ in standing.slots.get(LAST_SAID) or ()]
        return bool(said) and (not self._heard(text) or any(answer.startswith("crisis_") for answer in said))

    async def _say_again(self, held: HeldConversation, standing: Standing, channel: str) -> Turn:
        """What was said last, as it was said; the talk stays where it is."""
        replies = await asyncio.to_thread(self._rendered_again, standing.slots[LAST_SAID], channel)
        await held.extend()
        return replace(self._state(standing, replies), goes_on=True)

    async def _read(self, text: str) -> dict[str, Any] | None:
        """What the model reads in what was typed, or in its beginning; None where a button was pressed."""
        if not text or self._words.looks_like_payload(text) or self._words.is_payload(text):
            return None
        read: dict[str, Any] = await self._agent.parse_message(_typed(text)[:LONGEST_MESSAGE])
        return read

    async def _answer(
        self, held: HeldConversation, text: str, read: dict[str, Any] | None, channel: str, begin: bool
    ) -> Turn:
        if held.standing is None and not begin:
            return replace(self._help_or("session_unknown", None, text, read, channel), gone=True)
        if not text and held.standing:
            return await self._unread(held, text, "nothing_typed", channel)
        if len(text) > LONGEST_MESSAGE:
            return await self._unread(held, text, "too_long", channel)
        if self._words.looks_like_payload(text) and not self._words.is_payload(text):
            return await self._unread(held, text, "choice_unknown", channel)
        if held.standing is None and await self._conversations.is_full():
            return await self._unread(held, text, "too_many", channel)
        message = self._message(held, text)
        # A title that was typed stands for a payload, which is read for itself.
        return await self._run(held, message, channel, read if read and read["text"] == message else None)

    def _message(self, held: HeldConversation, text: str) -> str:
        """The payload that `text` stands for, or `text` itself as something that was typed."""
        if not text:
            return "/open_chat"
        if self._words.is_payload(text):
            return text
        text = _typed(text)
        if self._net.find(text):
            return text  # a title may be typed by somebody who means it
        seen = held.standing.payload_for_title(text) if held.standing else None
        return seen or self._words.payload_for_title(text) or text

    async def _run(
        self, held: HeldConversation, message: str, channel: str, read: dict[str, Any] | None = None
    ) -> Turn:
        output = GatedChannel(self._gate, channel)
        await self._agent.handle_message(UserMessage(message, output, held.id, input_channel=channel, parse_data=read))
        replies = tuple(output.replies)
        if not replies:
            logger.error("A turn said nothing.")
            return replace(self._failed(held.standing, message, read, channel), goes_on=held.standing is not None)
        turn = self._state(held.standing, replies)
        if any(reply.id in _FORGETTING for reply in replies):
            await held.remove()
        return replace(turn, goes_on=held.standing is not None)

    def _state(self, standing: Standing | None, replies: tuple[RenderedReply, ...]) -> Turn:
        slots = standing.slots if standing else {}
        # While help is shown nothing is asked; what was asked before it waits.
        asking = slots.get("asking")
        asks = None if asking == "paused" else asking
        crises = [reply.id for reply in replies if reply.id.startswith("crisis_")]
        topics = [reply.id for reply in replies if reply.id in self._catalog.topics]
        return Turn(
            replies=replies,
            topic=topics[-1] if topics else None,
            pending=_pending(slots),
            crisis=crises[0] if crises else None,
            goals=tuple(slots.get("goals") or ()),
            state=slots.get("state"),
            asks=asks,
            programs=tuple(reply.program for reply in replies if reply.program and reply.id == "program_card"),
            ended=any(reply.ends for reply in replies),
        )

    async def _unread(self, held: HeldConversation, text: str, answer: str, channel: str) -> Turn:
        """Help if `text` needs it, otherwise the answer that says why it was not read; the talk stays where it was."""
        crises = [firing.crisis for firing in self._heard(text)]
        if crises and held.standing:
            # Through the rules, so that what was being asked waits as it does after any crisis.
            return await self._run(held, f"/crisis{json.dumps({'crisis': crises})}", channel)
        await held.extend()
        turn = self._state(held.standing, self._rendered(crises or [answer], channel))
        return replace(turn, goes_on=held.standing is not None)

    def _failed(self, standing: Standing | None, text: str, read: Mapping[str, Any] | None, channel: str) -> Turn:
        """Help if `text` needs it, otherwise the apology with help numbers."""
        try:
            return self._help_or("something_broke", standing, text, read, channel)
        except Exception as error:  # noqa: BLE001 - it may be the net that is broken; the apology has help numbers
            logger.error("The safety net failed: %s", type(error).__name__)
            return self._state(standing, self._rendered(["something_broke"], channel))

    def _help_or(
        self, answer: str, standing: Standing | None, text: str, read: Mapping[str, Any] | None, channel: str
    ) -> Turn:
        """Help for what the rules hear in `text` and the model heard, otherwise `answer`; nothing is kept of it."""
        heard = [*self._heard(text), *_firings(read["entities"] if read else [])]
        crises = sorted({firing.crisis for firing in heard}, key=self._net.order.index)
        return self._state(standing, self._rendered(crises or [answer], channel))

    def _rendered(self, answers: list[str], channel: str) -> tuple[RenderedReply, ...]:
        return tuple(self._words.render(answer, channel=channel) for answer in answers)

    def _rendered_again(self, said: Sequence[Said], channel: str) -> tuple[RenderedReply, ...]:
        return tuple(self._gate.render(answer, {VALUES: values, FORM: form}, channel) for answer, values, form in said)

    def _heard(self, text: str) -> list[Firing]:
        """What the rules hear. In something that has the form of a choice, quotation marks quote nobody."""
        return self._net.find(text.replace('"', " ") if "{" in text else text)


def _pending(slots: Mapping[str, Any]) -> str | None:
    """The topic that waits for consent, or what is asked for; while help is shown, what waits behind it."""
    asked, topic = slots.get("asking"), slots.get("waiting_topic")
    if asked == "paused":
        behind = slots if slots.get("asked_before") else slots.get("led_away_from") or {}
        asked, topic = (behind.get("asked_before") or [None])[-1], behind.get("waiting_topic")
    return topic if asked == "consent" else asked


def _typed(text: str) -> str:
    """`text` as words: a slash at its beginning would make it a command of Rasa's."""
    return text.lstrip("/ ") or "?"


def _likeliest(found: Mapping[str, Any]) -> str:
    """The intent that would have been chosen without a crisis."""
    ranking = found.get("intent_ranking") or []
    return str(ranking[0]["name"]).partition("/")[0] if ranking else FALLBACK


def _confidence(found: Mapping[str, Any]) -> float:
    """How likely the chosen intent is; where help is shown instead, how likely what leads the ranking is."""
    ranking = found.get("intent_ranking") or []
    chosen = ranking[0] if ranking and found["intent"]["name"] == CRISIS else found["intent"]
    return float(chosen["confidence"] or 0.0)


def _firings(entities: list[Mapping[str, Any]]) -> list[Firing]:
    return [
        Firing(str(found["value"]), str(found["extractor"]), str(found.get("rule", "")))
        for found in entities
        if found["entity"] == CRISIS
    ]


def _is_spanish(read: Mapping[str, Any]) -> bool:
    return SPANISH in _values(read.get("entities", []), LANGUAGE)


def _values(entities: list[Mapping[str, Any]], kind: str) -> tuple[str, ...]:
    return tuple(str(entity["value"]) for entity in entities if entity["entity"] == kind)
