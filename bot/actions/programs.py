"""Where the case is, and the programs and offices listed there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from bot.actions.talk import FootbridgeAction, Talk
from bot.answers.views import FEDERAL
from bot.directory import lookup
from bot.directory.session import open_session
from bot.settings import settings

AT_A_TIME = 3
MOST_CANDIDATES = 8  # more states than this are no choice; the state's name is asked for


class ActionFindProgram(FootbridgeAction):
    """Shows programs where the state is known; otherwise says how to find one and asks for the state."""

    def name(self) -> str:
        return "action_find_program"

    def act(self, talk: Talk) -> None:
        if talk.read("state") or talk.read("possible_state"):
            take_place(talk)
        elif talk.remembered("state") and not talk.read("again"):
            show_programs(talk, talk.remembered("state"))
        elif talk.remembered("asking") == "state" and not talk.read("again"):
            # They were asked already; asking the same again would press.
            talk.say("place_unknown")
        else:
            if not talk.read("again"):
                talk.say("find_program")
                talk.remember("last_topic", "find_program")
            talk.say("ask_state")
            talk.ask("state")


class ActionGivePlace(FootbridgeAction):
    """Takes the place that was named."""

    def name(self) -> str:
        return "action_give_place"

    def act(self, talk: Talk) -> None:
        take_place(talk)


class ActionPlaceUnknown(FootbridgeAction):
    """Says that the place need not be known."""

    keeps_asking = True

    def name(self) -> str:
        return "action_place_unknown"

    def act(self, talk: Talk) -> None:
        talk.say("place_unknown")


class ActionPlaceConfirmed(FootbridgeAction):
    """Takes the place after a yes."""

    keeps_asking = True

    def name(self) -> str:
        return "action_place_confirmed"

    def act(self, talk: Talk) -> None:
        show_programs(talk, talk.remembered("possible_state"))


class ActionPlaceDenied(FootbridgeAction):
    """Asks for the place again after a no."""

    keeps_asking = True

    def name(self) -> str:
        return "action_place_denied"

    def act(self, talk: Talk) -> None:
        talk.remember("possible_state", None)
        talk.ask("state")
        talk.say("ask_state")


class ActionSkipState(FootbridgeAction):
    """Goes on without a state."""

    keeps_asking = True

    def name(self) -> str:
        return "action_skip_state"

    def act(self, talk: Talk) -> None:
        talk.remember("possible_state", None)
        talk.ask(None)
        talk.say("state_skipped")


class ActionMorePrograms(FootbridgeAction):
    """Shows the next programs of the state."""

    def name(self) -> str:
        return "action_more_programs"

    def act(self, talk: Talk) -> None:
        state = talk.remembered("state")
        if not state:
            talk.say("no_more_programs")
            return
        show_programs(talk, state, start=int(talk.remembered("programs_shown") or 0))


class ActionKeepProgram(FootbridgeAction):
    """Puts a program on the sheet."""

    def name(self) -> str:
        return "action_keep_program"

    def act(self, talk: Talk) -> None:
        named = known_programs(talk.read("program"))
        kept = talk.listed("programs_kept")
        talk.remember("programs_kept", [*kept, *(program for program in named if program not in kept)])
        for program in named:
            talk.say("program_kept", program=program)
        if not named:
            talk.say("choice_unknown")


class ActionDropProgram(FootbridgeAction):
    """Takes a program off the sheet."""

    def name(self) -> str:
        return "action_drop_program"

    def act(self, talk: Talk) -> None:
        dropped = talk.read("program")
        talk.remember("programs_kept", [one for one in talk.listed("programs_kept") if one not in dropped])
        for program in known_programs(dropped):
            talk.say("program_dropped", program=program)
        if not known_programs(dropped):
            talk.say("choice_unknown")


class ActionShowOffices(FootbridgeAction):
    """Shows the state's victim-services offices and the national contacts."""

    def name(self) -> str:
        return "action_show_offices"

    def act(self, talk: Talk) -> None:
        state = talk.remembered("state")
        if state:
            show_offices(talk, state)
        else:
            talk.say("ask_state")
            talk.ask("state")


class ActionShowSheet(FootbridgeAction):
    """Shows the sheet to take along."""

    def name(self) -> str:
        return "action_show_sheet"

    def act(self, talk: Talk) -> None:
        # A program may have left the directory since it was kept.
        talk.say("sheet", goals=talk.listed("goals"), programs=known_programs(talk.listed("programs_kept")))


def known_programs(programs: Sequence[str]) -> list[str]:
    """Those of the ids that the directory has."""
    if not programs:
        return []
    with _directory() as session:
        return [program for program in programs if lookup.program(session, program)]


def take_place(talk: Talk) -> None:
    """Use the place that was read, or ask which one is meant."""
    certain, possible = talk.read("state"), talk.read("possible_state")
    if certain:
        show_programs(talk, certain[0])
    elif len(possible) == 1:
        talk.ask("confirm")
        talk.remember("possible_state", possible[0])
        talk.say("confirm_place", state=possible[0])
    elif 1 < len(possible) <= MOST_CANDIDATES:
        talk.ask("state")
        talk.say("which_place", states=possible)
    else:
        talk.ask("state")
        talk.say("place_not_known" if not possible else "too_many_places")


def show_programs(talk: Talk, state: str, start: int = 0) -> None:
    """Show the next few programs of a state, or say that none is listed and where else to ask."""
    with _directory() as session:
        programs = [program.id for program in lookup.programs_in(session, state)]
    talk.ask(None)
    talk.remember("possible_state", None)
    talk.remember("state", state)
    shown = programs[start : start + AT_A_TIME]
    talk.remember("programs_shown", float(start + len(shown)))
    talk.remember("last_topic", None)  # "where does this come from" is about the programs now
    if not programs:
        talk.say("no_programs_federal") if state == FEDERAL else talk.say("no_programs", state=state)
        show_offices(talk, state)
        return
    if shown:
        talk.say("more_programs_found" if start else "programs_found", state=state)
    for program in shown:
        talk.say("program_card", program=program)
    if start + len(shown) < len(programs):
        talk.say("programs_next")
    else:
        talk.say("programs_end", state=state)


def show_offices(talk: Talk, state: str) -> None:
    """Show the victim-services offices of a state, then the national contacts."""
    with _directory() as session:
        offices = [office.id for office in lookup.offices_in(session, state)]
    for office in offices:
        talk.say("office_card", office=office)
    if not offices:
        talk.say("no_office", state=state)
    talk.say("national_contacts")


def _directory() -> AbstractContextManager[Session]:
    return open_session(settings().database_url)
