"""Answers from the directory."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.directory.models import Office, Program, Resource
from bot.directory.rows import STATES

# Who runs the programs that are open, statewide, to survivors of violent crime whose case has been sentenced.
_STATE_OPERATORS = frozenset({"state_corrections", "state_victim_services", "parole_board", "attorney_general"})
_LESSER_CASES = frozenset({"juvenile", "property"})


def programs_in(session: Session, state: str) -> list[Program]:
    """Return the programs of a state, those that fit a survivor of a violent crime best first.

    The order is: statewide programs of prison systems, victim-service offices, parole boards and attorneys general;
    other statewide ones; local ones open to violent crime or silent about it; local ones for juvenile or property cases
    only. Within a group, letter banks come after programs with a dialogue, then confirmed contacts first, then the name
    decides. National organizations are no program of
    a state (``resources`` has them), so "US" has none unless a federal program is added.

    Args:
        session: an open session.
        state: a code of ``STATES``, such as "IA".

    Raises:
        ValueError: ``state`` is not such a code; an empty list would say that a search was made.

    """
    query = select(Program).where(Program.state == _known(state), Program.reach != "national")
    return sorted(session.scalars(query), key=_place_in_list)


def offices_in(session: Session, state: str) -> list[Office]:
    """Return the victim-service offices of a state ("US": of the federal system), by id.

    Raises:
        ValueError: ``state`` is not a code of ``STATES``.

    """
    return list(session.scalars(select(Office).where(Office.state == _known(state)).order_by(Office.id)))


def resources(session: Session) -> list[Resource]:
    """Return all national help lines and organizations, in the order of resources.csv: emergency help first."""
    return list(session.scalars(select(Resource).order_by(Resource.position)))


def program(session: Session, program_id: str) -> Program | None:
    """Return the program with this id, or None."""
    return session.get(Program, program_id)


def office(session: Session, office_id: str) -> Office | None:
    """Return the office with this id, or None."""
    return session.get(Office, office_id)


def resource(session: Session, resource_id: str) -> Resource | None:
    """Return the help line or organization with this id, or None."""
    return session.get(Resource, resource_id)


def _known(state: str) -> str:
    if state not in STATES:
        raise ValueError(f"{state!r} is not a state code: use two capital letters, such as 'IA', or 'US'")
    return state


def _place_in_list(entry: Program) -> tuple[int, bool, bool, str, str]:
    letters_only = entry.formats == ["apology_letter_bank"]
    return _group(entry), letters_only, entry.verification != "confirmed", entry.name.casefold(), entry.id


def _group(entry: Program) -> int:
    if entry.reach == "statewide":
        return 0 if entry.operator_type in _STATE_OPERATORS else 1
    lesser_cases_only = bool(entry.case_types) and _LESSER_CASES.issuperset(entry.case_types)
    return 3 if lesser_cases_only or "violent" in entry.excluded_case_types else 2
