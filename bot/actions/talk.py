"""The base of every action: reads the tracker, says answers by their ids, and turns a failure into help."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.leading_away import leading_away
from bot.answers.catalog import catalog
from bot.directory.database import DirectoryUnavailable

logger = logging.getLogger(__name__)

# Values of the slot `asking` that stand before something else that waits.
INTERRUPTIONS = ("consent", "paused")
# The slot that holds what was said last, [[id, values, form], ...]. The engine fills it after each turn.
LAST_SAID = "last_said"

Said = tuple[str, Mapping[str, Any], str]


class Talk:
    """One turn as an action sees it: what was understood, what is remembered, and what to say."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self._dispatcher = dispatcher
        self._tracker = tracker
        self._changes: dict[str, Any] = {}

    @property
    def events(self) -> list[EventType]:
        """The changes of slots, as Rasa's events."""
        return [SlotSet(name, value) for name, value in self._changes.items()]

    def say(self, answer: str, form: str = "words", **values: str | Sequence[str]) -> None:
        """Say an answer, by its id, with ids for its blanks."""
        self._dispatcher.utter_message(response=answer, form=form, values=values)

    def remembered(self, slot: str) -> Any:
        """The value of a slot, this action's own changes included."""
        return self._changes[slot] if slot in self._changes else self._tracker.get_slot(slot)

    def listed(self, slot: str) -> list[str]:
        """The value of a slot that holds a list."""
        return list(self.remembered(slot) or [])

    def remember(self, slot: str, value: Any) -> None:
        """Set a slot; None empties it."""
        self._changes[slot] = value

    def forget_all(self) -> None:
        """Empty every slot."""
        for slot in self._tracker.slots:
            self.remember(slot, None)

    def read(self, entity: str) -> list[str]:
        """The values of an entity in the message, in order."""
        return list(self._tracker.get_latest_entity_values(entity))

    @property
    def text(self) -> str:
        """What was typed, or a button's payload."""
        return str(self._tracker.latest_message.get("text") or "")

    def heard_plainly(self) -> bool:
        """Whether a rule of the safety net heard a crisis in the message, and not the classifier alone."""
        entities = self._tracker.latest_message.get("entities") or []
        return any(found["entity"] == "crisis" and found.get("extractor") == "rules" for found in entities)

    def said_now(self) -> list[Said]:
        """What was said since the person's last message, before this action."""
        return self._said(self._turns()[-1]) if self._turns() else []

    def said_before(self) -> list[Said]:
        """What was said in the turn before this one that said anything."""
        # Footbridge keeps no turns but what the last one said; under `rasa shell` they are all there.
        said = [self._said(turn) for turn in self._turns()[:-1]]
        kept = [(one[0], one[1], one[2]) for one in self.remembered(LAST_SAID) or []]
        return next((turn for turn in reversed(said) if turn), kept)

    def _turns(self) -> list[list[Mapping[str, Any]]]:
        """The bot's events, a list for each message of the person."""
        turns: list[list[Mapping[str, Any]]] = []
        for event in self._tracker.events:
            if event["event"] == "user":
                turns.append([])
            elif event["event"] == "bot" and turns:
                turns[-1].append(event)
        return turns

    def _said(self, events: Sequence[Mapping[str, Any]]) -> list[Said]:
        metadata = [event.get("metadata") or {} for event in events]
        return [
            (str(one["utter_action"]).removeprefix("utter_"), one.get("values") or {}, one.get("form") or "words")
            for one in metadata
            if one.get("utter_action")
        ]

    def ask(self, what: str | None) -> None:
        """Remember what is being asked: "goals", "state", "confirm", or None for nothing; what waited is dropped."""
        self.remember("asking", what)
        self.remember("asked_before", None)
        self.remember("waiting_topic", None)

    def interrupt(self, by: str, waiting_topic: str | None = None) -> None:
        """Put "consent" or "paused" before what is being asked, which waits and comes back with `resume`.

        A pause may stand before consent, whose topic goes on waiting. A pause in a pause changes nothing.
        """
        before = self.remembered("asking")
        if before == by:
            return
        self.remember("asked_before", [*self.listed("asked_before"), before] if before else None)
        self.remember("asking", by)
        if waiting_topic:
            self.remember("waiting_topic", waiting_topic)

    def stop_waiting_for_yes(self) -> None:
        """Leave consent and confirmation, which a yes to something else must not answer."""
        if self.remembered("asking") == "consent":
            self.resume("consent")
        if self.remembered("asking") == "confirm":
            self.ask("state")

    def resume(self, *left: str) -> None:
        """Leave consent or a pause, whichever of `left` stands first, and go back to what was being asked before it."""
        asking = self.remembered("asking")
        if asking not in left:
            return
        before = self.listed("asked_before")
        self.remember("asking", before.pop() if before else None)
        self.remember("asked_before", before or None)
        if asking == "consent":
            self.remember("waiting_topic", None)

    def leave_interruptions(self) -> None:
        """Leave consent and a pause, however they stand before each other."""
        while self.remembered("asking") in INTERRUPTIONS:
            self.resume(*INTERRUPTIONS)

    def lead_away(self, crises: Sequence[str]) -> None:
        """Lead away from goals and programs from now on; what was being asked waits until somebody says otherwise."""
        led = self.listed("led_away")
        new = [crisis for crisis in crises if crisis not in led]
        if not new:
            return
        self.remember("led_away", [*new, *led])
        waits = self.listed("asked_before")
        if waits and not self.remembered("led_away_from"):
            topic = self.remembered("waiting_topic")
            self.remember("led_away_from", {"asked_before": waits, "waiting_topic": topic})
            self.remember("asked_before", None)
            self.remember("waiting_topic", None)

    def lead_back(self) -> None:
        """Go back to what was being asked before the person was led away, if anything was."""
        waits = self.remembered("led_away_from")
        if waits:
            self.remember("asking", waits["asked_before"][-1])
            self.remember("asked_before", waits["asked_before"][:-1] or None)
            self.remember("waiting_topic", waits["waiting_topic"])
            self.remember("led_away_from", None)

    def is_led_away(self, topic: str | None) -> bool:
        """Whether the person is led away from this topic."""
        return any(topic in leading_away().topics[crisis] for crisis in self.listed("led_away"))

    def led_away_now(self) -> str | None:
        """The answer that is said in place of what the message asks for, or None where nobody is led away from it."""
        led = self.listed("led_away")
        act = (self._tracker.latest_message.get("intent") or {}).get("name")
        topic = next(iter(self.read("topic")), None)
        if led and (act in leading_away().acts or (act == "ask" and self.is_led_away(topic))):
            return leading_away().replies[led[0]]
        return None


class FootbridgeAction(Action, ABC):  # type: ignore[misc]
    """An action that cannot leave a survivor in silence."""

    # Whether the action says that the person was not understood.
    counts_as_lost = False
    # Whether a yes that was asked for may still be given after this action. After any other it means something else.
    keeps_asking = False

    @abstractmethod
    def act(self, talk: Talk) -> None:
        """What the action does."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Run `act`; if it fails, say so with help numbers beside it, and change nothing."""
        talk = Talk(dispatcher, tracker)
        try:
            if not self.keeps_asking:
                talk.stop_waiting_for_yes()
            instead = talk.led_away_now()
            if instead is None:
                self.act(talk)
            elif instead not in [answer for answer, _, _ in talk.said_now()]:
                talk.say(instead)
        except Exception as error:  # noqa: BLE001 - whatever breaks, the person gets an answer with help
            # An error's text may hold what the person typed; its type does not, nor does the directory's.
            known = isinstance(error, DirectoryUnavailable)
            logger.error("%s failed: %s", self.name(), error if known else type(error).__name__)
            dispatcher.messages.clear()
            dispatcher.utter_message(response="something_broke")
            return []
        if not self.counts_as_lost and talk.remembered("not_understood_in_a_row"):
            talk.remember("not_understood_in_a_row", 0.0)
        return talk.events


def asks(answer: str) -> str | None:
    """What an answer asks for, or None."""
    reply = catalog().replies.get(answer)
    return reply.asks if reply else None
