"""The talk itself: help, menu, being lost, coming back, stopping and starting over."""

from __future__ import annotations

from bot.actions.answering import answer_or_ask_consent, first_topics
from bot.actions.goals import takes_for_goals
from bot.actions.leading_away import leading_away
from bot.actions.opposites import says_opposite
from bot.actions.talk import FootbridgeAction, Talk, asks
from bot.answers.catalog import catalog

# Not understood this often in a row, a person is offered.
OFFER_PERSON_AT = 3


class ActionCrisis(FootbridgeAction):
    """Shows help, for everything that was heard, the most urgent first. What was being asked waits.

    Help that was shown in full before in this conversation is shown in its shorter form.
    """

    keeps_asking = True

    def name(self) -> str:
        return "action_crisis"

    def act(self, talk: Talk) -> None:
        talk.interrupt("paused")
        heard = list(dict.fromkeys(talk.read("crisis")))
        shown = talk.listed("crises_shown")
        for crisis in heard:
            talk.say(crisis, form="shorter" if crisis in shown else "words")
        # What the same message asked is answered after "go on": help comes first, and the question is not lost.
        # Who said plainly that they are in danger asked nothing else.
        asked = None if talk.heard_plainly() else next(iter(talk.read("topic")), None)
        talk.remember("asked_in_crisis", asked)
        talk.remember("crises_shown", [*shown, *(crisis for crisis in heard if crisis not in shown)])
        talk.lead_away([crisis for crisis in heard if crisis in leading_away().replies])


class ActionGoOn(FootbridgeAction):
    """Goes on after help was shown: back to what was being asked, or to the menu."""

    keeps_asking = True

    def name(self) -> str:
        return "action_go_on"

    def act(self, talk: Talk) -> None:
        talk.resume("paused")
        if not (answer_what_was_asked(talk) or go_back(talk)):
            say_menu(talk)


class ActionImOkay(FootbridgeAction):
    """Takes somebody's word that they are okay, and goes back to what was being asked."""

    keeps_asking = True

    def name(self) -> str:
        return "action_im_okay"

    def act(self, talk: Talk) -> None:
        if says_opposite("im_okay", talk.text):
            talk.say("safety_now")
            return
        talk.resume("paused")
        talk.say("glad_you_are_okay")
        if not answer_what_was_asked(talk):
            go_back(talk)


class ActionNotMe(FootbridgeAction):
    """Takes somebody's word that a card is not about them, leads away no more, and goes back to what was being asked.

    Where several crises lead away, a button says which of them is meant; words mean the most urgent one.
    """

    keeps_asking = True

    def name(self) -> str:
        return "action_not_me"

    def act(self, talk: Talk) -> None:
        led = talk.listed("led_away")
        if says_opposite("not_me", talk.text):
            talk.say(leading_away().replies[led[0]] if led else "safety_now")
            return
        meant = talk.read("card") or led[:1]
        left = [crisis for crisis in led if crisis not in meant]
        talk.remember("led_away", left or None)
        talk.say("believed")
        if left:
            talk.say(leading_away().replies[left[0]])
            return
        if talk.remembered("led_away_from"):
            talk.leave_interruptions()
            talk.lead_back()
        talk.resume("paused")
        go_back(talk)


class ActionMenu(FootbridgeAction):
    """Shows the families of topics, or the topics of one."""

    def name(self) -> str:
        return "action_menu"

    def act(self, talk: Talk) -> None:
        family = next(iter(talk.read("family")), None)
        if family:
            talk.say("menu_family", family=family)
        else:
            say_menu(talk)


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
        if takes_for_goals(talk):
            talk.remember("not_understood_in_a_row", 0.0)
            return
        times = (talk.remembered("not_understood_in_a_row") or 0.0) + 1
        talk.remember("not_understood_in_a_row", times)
        topics = first_topics(talk, talk.read("likely_topic"))
        if times >= OFFER_PERSON_AT:
            talk.say("still_not_understood", topics=topics)
        elif talk.remembered("asking") == "state":
            talk.say("place_not_understood", topics=topics)
        elif talk.remembered("asking") == "goals":
            talk.say("goal_not_understood", topics=topics)
        else:
            talk.say("not_understood", topics=topics)


class ActionOutOfScope(FootbridgeAction):
    """Says what this guide cannot help with, and what it can."""

    keeps_asking = True

    def name(self) -> str:
        return "action_out_of_scope"

    def act(self, talk: Talk) -> None:
        if not takes_for_goals(talk):
            talk.say("out_of_scope")


class ActionAskAgain(FootbridgeAction):
    """Brings a person back to what was being asked, unless it was asked in this very turn."""

    keeps_asking = True

    def name(self) -> str:
        return "action_ask_again"

    def act(self, talk: Talk) -> None:
        talk.resume("paused")
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


def go_back(talk: Talk) -> bool:
    """Go back to what was being asked, or say what is said in place of it; False where nothing waits."""
    led = talk.listed("led_away")
    if talk.remembered("asking"):
        ask_back(talk)
    elif led and talk.remembered("led_away_from"):
        talk.say(leading_away().replies[led[0]])
    else:
        return False
    return True


def say_menu(talk: Talk) -> None:
    """Show the families of topics, beside goals and programs unless the person is led away from those."""
    talk.say("menu_of_topics" if talk.listed("led_away") else "menu")


def ask_back(talk: Talk) -> None:
    """Say in short what was being asked."""
    asking = talk.remembered("asking")
    if asking == "confirm":
        talk.say("confirm_place", state=talk.remembered("possible_state"))
    elif asking == "consent":
        talk.say("consent", topic=talk.remembered("waiting_topic"))
    else:
        talk.say(f"back_to_{asking}")


def answer_what_was_asked(talk: Talk) -> bool:
    """Answer the question of the message for which help was shown, and go back to what was asked before it, if any was.

    False where it held none, or one that the person is led away from now.
    """
    topic = catalog().find_topic(talk.remembered("asked_in_crisis"))
    talk.remember("asked_in_crisis", None)
    # safety_now is what the help card says, and grounding_now stands on the card for it.
    if topic is None or topic.id in ("safety_now", "grounding_now") or talk.is_led_away(topic.id):
        return False
    answer_or_ask_consent(talk, topic)
    if not topic.heavy:
        go_back(talk)
    return True
