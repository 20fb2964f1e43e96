"""The talk itself: help, menu, being lost, coming back, stopping and starting over."""

from __future__ import annotations

from bot.actions.answering import first_topics
from bot.actions.talk import FootbridgeAction, Talk, asks

# Not understood this often in a row, a person is offered.
OFFER_PERSON_AT = 3


class ActionCrisis(FootbridgeAction):
    """Shows help, for everything that was heard, the most urgent first. What was being asked waits."""

    keeps_asking = True

    def name(self) -> str:
        return "action_crisis"

    def act(self, talk: Talk) -> None:
        talk.interrupt("paused")
        for crisis in dict.fromkeys(talk.read("crisis")):
            talk.say(crisis)


class ActionGoOn(FootbridgeAction):
    """Goes on after help was shown: back to what was being asked, or to the menu."""

    def name(self) -> str:
        return "action_go_on"

    def act(self, talk: Talk) -> None:
        talk.resume()
        if talk.remembered("asking"):
            ask_back(talk)
        else:
            talk.say("menu")


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


class ActionTalkToPerson(FootbridgeAction):
    """Shows the numbers of people to talk to."""

    def name(self) -> str:
        return "action_talk_to_person"

    def act(self, talk: Talk) -> None:
        talk.say("talk_to_person")


class ActionNotUnderstood(FootbridgeAction):
    """Says so, and offers likely topics; never a weak guess."""

    counts_as_lost = True

    def name(self) -> str:
        return "action_not_understood"

    def act(self, talk: Talk) -> None:
        times = (talk.remembered("not_understood_in_a_row") or 0.0) + 1
        talk.remember("not_understood_in_a_row", times)
        topics = first_topics(talk.read("likely_topic"))
        if times >= OFFER_PERSON_AT:
            talk.say("still_not_understood", topics=topics)
        elif talk.remembered("asking") == "state":
            talk.say("place_not_understood", topics=topics)
        elif talk.remembered("asking") == "goals":
            talk.say("goal_not_understood", topics=topics)
        else:
            talk.say("not_understood", topics=topics)


class ActionAskAgain(FootbridgeAction):
    """Brings a person back to what was being asked, unless it was asked in this very turn."""

    keeps_asking = True

    def name(self) -> str:
        return "action_ask_again"

    def act(self, talk: Talk) -> None:
        if talk.remembered("asking") == "paused":
            talk.resume()
        if talk.remembered("asking") and not any(asks(answer) for answer, _, _ in talk.said_now()):
            ask_back(talk)


class ActionStop(FootbridgeAction):
    """Stops at once. Nothing is asked any more."""

    def name(self) -> str:
        return "action_stop"

    def act(self, talk: Talk) -> None:
        talk.ask(None)
        talk.say("stopped")


class ActionGoodbye(FootbridgeAction):
    """Takes leave. Nothing is asked any more."""

    def name(self) -> str:
        return "action_goodbye"

    def act(self, talk: Talk) -> None:
        talk.ask(None)
        talk.say("goodbye")


class ActionStartOver(FootbridgeAction):
    """Forgets everything and starts over. The engine removes the conversation after this turn."""

    def name(self) -> str:
        return "action_start_over"

    def act(self, talk: Talk) -> None:
        talk.forget_all()
        talk.say("started_over")


class ActionErase(FootbridgeAction):
    """Forgets everything and says so."""

    def name(self) -> str:
        return "action_erase"

    def act(self, talk: Talk) -> None:
        talk.forget_all()
        talk.say("erased")


def ask_back(talk: Talk) -> None:
    """Say in short what was being asked."""
    asking = talk.remembered("asking")
    if asking == "confirm":
        talk.say("confirm_place", state=talk.remembered("possible_state"))
    elif asking == "consent":
        talk.say("consent", topic=talk.remembered("waiting_topic"))
    else:
        talk.say(f"back_to_{asking}")
