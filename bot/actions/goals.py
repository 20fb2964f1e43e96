"""Naming goals, looking at them, and taking them off the list. They are never ranked."""

from __future__ import annotations

from collections.abc import Sequence

from bot.actions.talk import FootbridgeAction, Talk
from bot.answers.catalog import catalog

NOT_SURE = "goal_not_sure"


class ActionShareGoals(FootbridgeAction):
    """Confirms the goals named, or asks for some."""

    def name(self) -> str:
        return "action_share_goals"

    def act(self, talk: Talk) -> None:
        named = [goal for goal in talk.read("goal") if goal in catalog().goals]
        if named == [NOT_SURE] and talk.remembered("asking") in ("state", "confirm"):
            # "I don't know" answers what was asked, which was the place.
            talk.ask("state")
            talk.say("place_unknown")
            return
        if not named:
            talk.say("ask_goals", goals=talk.listed("goals"))
            talk.ask("goals")
            return
        take_goals(talk, named)


class ActionFinishGoals(FootbridgeAction):
    """Leaves the goals, done or skipped, for where the case is."""

    def name(self) -> str:
        return "action_finish_goals"

    def act(self, talk: Talk) -> None:
        if talk.remembered("state"):
            talk.ask(None)
            talk.say("goals_done")
        else:
            talk.ask("state")
            talk.say("ask_state")


class ActionMyGoals(FootbridgeAction):
    """Shows the goals named so far."""

    def name(self) -> str:
        return "action_my_goals"

    def act(self, talk: Talk) -> None:
        goals = talk.listed("goals")
        if goals:
            talk.say("my_goals", goals=goals)
        else:
            talk.say("no_goals_yet")


class ActionRemoveGoal(FootbridgeAction):
    """Takes a goal off the list, or asks which."""

    def name(self) -> str:
        return "action_remove_goal"

    def act(self, talk: Talk) -> None:
        goals = talk.listed("goals")
        removed = [goal for goal in talk.read("goal") if goal in goals]
        talk.remember("goals", [goal for goal in goals if goal not in removed])
        for goal in removed:
            talk.say("goal_removed", goal=goal)
        if not removed:
            if goals:
                talk.say("which_goal_to_remove", goals=goals)
            else:
                talk.say("no_goals_yet")


def take_goals(talk: Talk, named: Sequence[str]) -> None:
    """Put the goals of an answer about goals on the list, and ask for more."""
    add_goals(talk, named)
    if talk.read("state"):
        talk.remember("state", talk.read("state")[0])
    if list(named) == [NOT_SURE]:
        talk.ask(None)
        talk.say("after_not_sure")
    else:
        talk.ask("goals")
        talk.say("ask_more_goals")


def takes_for_goals(talk: Talk) -> bool:
    """Where goals were asked for, take what could be some for goals, though out of the blue it would be none."""
    possible = [goal for goal in talk.read("possible_goal") if goal in catalog().goals]
    if talk.remembered("asking") != "goals" or not possible:
        return False
    take_goals(talk, possible)
    return True


def add_goals(talk: Talk, named: Sequence[str]) -> None:
    """Put goals on the list, each confirmed with how far it is in the other person's hands."""
    goals = talk.listed("goals")
    for goal in named:
        talk.say("goal_known" if goal in goals else "goal_added", goal=goal)
        if goal not in goals:
            goals.append(goal)
    talk.remember("goals", goals)
