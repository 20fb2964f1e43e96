"""Answers to questions, with consent before heavy ones."""

from __future__ import annotations

from bot.actions.goals import add_goals
from bot.actions.talk import FootbridgeAction, Talk
from bot.answers.catalog import Topic, catalog

# Asked the same thing this often, a person is offered beside the answer.
OFFER_PERSON_AT = 3


class ActionAnswer(FootbridgeAction):
    """Answers the topic asked about; asks consent first if it is heavy."""

    keeps_asking = True

    def name(self) -> str:
        return "action_answer"

    def act(self, talk: Talk) -> None:
        topic = catalog().find_topic(next(iter(talk.read("topic")), None))
        if topic is None:
            talk.say("not_understood", topics=first_topics(talk, []))
            return
        talk.leave_interruptions()
        answer_or_ask_consent(talk, topic)
        goals = talk.read("goal")
        if goals and not topic.heavy and not talk.listed("led_away"):
            add_goals(talk, goals)


class ActionReadWaiting(FootbridgeAction):
    """Reads the heavy answer that waited for a yes."""

    keeps_asking = True

    def name(self) -> str:
        return "action_read_waiting"

    def act(self, talk: Talk) -> None:
        topic = talk.remembered("waiting_topic")
        talk.resume("consent")
        answer(talk, topic)


class ActionReadWaitingShorter(FootbridgeAction):
    """Reads the shorter version of the heavy answer that waited."""

    keeps_asking = True

    def name(self) -> str:
        return "action_read_waiting_shorter"

    def act(self, talk: Talk) -> None:
        topic = talk.remembered("waiting_topic")
        talk.resume("consent")
        answer(talk, topic, form="simpler")


class ActionSkipWaiting(FootbridgeAction):
    """Skips the heavy answer that waited."""

    keeps_asking = True

    def name(self) -> str:
        return "action_skip_waiting"

    def act(self, talk: Talk) -> None:
        talk.resume("consent")
        talk.say("consent_skipped")


class ActionRepeat(FootbridgeAction):
    """Says the last words again."""

    keeps_asking = True

    def name(self) -> str:
        return "action_repeat"

    def act(self, talk: Talk) -> None:
        said = talk.said_before()
        if not said:
            talk.say("nothing_to_repeat")
        for answered, values, form in said:
            talk.say(answered, form=form, **values)
            if answered in catalog().topics:
                offer_person_if_repeated(talk, answered)


class ActionSimpler(FootbridgeAction):
    """Says the last answer in simpler words."""

    keeps_asking = True

    def name(self) -> str:
        return "action_simpler"

    def act(self, talk: Talk) -> None:
        topics = [answered for answered, _, _ in talk.said_before() if answered in catalog().topics]
        if not topics:
            talk.say("no_simpler_words")
        for topic in topics:
            talk.say(topic, form="simpler")


class ActionSources(FootbridgeAction):
    """Shows where the last answer comes from."""

    keeps_asking = True

    def name(self) -> str:
        return "action_sources"

    def act(self, talk: Talk) -> None:
        last = talk.remembered("last_topic")
        if last:
            talk.say("sources_of", topic=last)
        else:
            talk.say("sources_in_general")


def answer_or_ask_consent(talk: Talk, topic: Topic) -> None:
    """Say a topic's answer, or ask before a heavy one."""
    if topic.heavy:
        ask_consent(talk, topic.id)
    else:
        answer(talk, topic.id)


def answer(talk: Talk, topic: str, form: str = "words") -> None:
    """Say a topic's answer and remember that it was the last."""
    talk.say(topic, form=form)
    talk.remember("last_topic", topic)
    offer_person_if_repeated(talk, topic)


def offer_person_if_repeated(talk: Talk, topic: str) -> None:
    """Count how often the topic was said; from the third time on, a person may help more than the same words."""
    times = dict(talk.remembered("times_asked") or {})
    times[topic] = times.get(topic, 0) + 1
    talk.remember("times_asked", times)
    # The numbers of safety_now are the offer already.
    if times[topic] >= OFFER_PERSON_AT and topic != "safety_now":
        talk.say("offer_person")


def ask_consent(talk: Talk, topic: str) -> None:
    """Ask before a heavy topic; what was being asked comes back afterwards."""
    talk.interrupt("consent", waiting_topic=topic)
    talk.say("consent", topic=topic)


def first_topics(talk: Talk, likely: list[str]) -> list[str]:
    """Three topics to offer: the likely ones, filled up with the ones to begin with."""
    offered = [*likely, "what_is_vom", "retraumatization_risk", "find_program", "counselling_peers"]
    known = [topic for topic in offered if topic in catalog().topics and not talk.is_led_away(topic)]
    return list(dict.fromkeys(known))[:3]
