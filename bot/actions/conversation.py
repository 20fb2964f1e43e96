"""The talk itself: help, menu, being lost, coming back, stopping and starting over."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.answering import first_topics
from bot.actions.talk import FootbridgeAction, Talk, asks

# Not understood this often in a row, a person is offered.
OFFER_PERSON_AT = 3


class ActionCrisis(FootbridgeAction):
    """Shows help, for everything that was heard, the most urgent first. What was being asked waits."""

    def name(self) -> str:
        return "action_crisis"

    def act(self, talk: Talk) -> None:
        for crisis in dict.fromkeys(talk.read("crisis")):
            talk.say(crisis)


class ActionMenu(FootbridgeAction):
    """Shows the families of topics, or the topics of one."""

    def name(self) -> str:
        return "action_menu"

    def act(self, talk: Talk) -> None:
        family = next(iter(talk.read("family")), None)
        if family:
            talk.say("menu_family", family=family)
        else:
            talk.say("menu")


class ActionNotUnderstood(FootbridgeAction):
    """Says so, and offers likely topics; never a weak guess."""

    def name(self) -> str:
        return "action_not_understood"

    def act(self, talk: Talk) -> None:
        times = (talk.remembered("not_understood_in_a_row") or 0.0) + 1
        talk.remember("not_understood_in_a_row", times)
        topics = first_topics(talk.likely_intents())
        if times >= OFFER_PERSON_AT:
            talk.say("still_not_understood", topics=topics)
        elif talk.remembered("asking") == "state":
            talk.say("place_not_known")
        elif talk.remembered("asking") == "goals":
            talk.say("goal_not_understood", topics=topics)
        else:
            talk.say("not_understood", topics=topics)


class ActionAskAgain(FootbridgeAction):
    """Brings a person back to what was being asked, unless it was asked in this very turn."""

    def name(self) -> str:
        return "action_ask_again"

    def act(self, talk: Talk) -> None:
        asking = talk.remembered("asking")
        if asking is None or any(asks(answer) for answer, _, _ in talk.said_now()):
            return
        if asking == "goals":
            talk.say("back_to_goals")
        elif asking == "state":
            talk.say("back_to_state")
        elif asking == "confirm":
            talk.say("confirm_place", state=talk.remembered("possible_state"))
        else:
            talk.say("consent", topic=talk.remembered("waiting_topic"))


class ActionStop(FootbridgeAction):
    """Stops at once. Nothing is asked any more."""

    def name(self) -> str:
        return "action_stop"

    def act(self, talk: Talk) -> None:
        talk.ask(None)
        talk.say("stopped")


class ActionStartOver(FootbridgeAction):
    """Forgets everything and starts over. The engine removes the conversation after this turn."""

    def name(self) -> str:
        return "action_start_over"

    def act(self, talk: Talk) -> None:
        talk.say("started_over")

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, object]
    ) -> list[EventType]:
        """Empty every slot as well."""
        return [*await super().run(dispatcher, tracker, domain), AllSlotsReset()]


class ActionErase(ActionStartOver):
    """Forgets everything and says so."""

    def name(self) -> str:
        return "action_erase"

    def act(self, talk: Talk) -> None:
        talk.say("erased")
