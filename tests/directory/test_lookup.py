"""What a survivor, or the staff beside them, finds in the real directory."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.directory.importer import load_directory
from bot.directory.lookup import office, offices_in, program, programs_in, resource, resources
from bot.directory.models import Program
from bot.directory.rows import STATES
from tests.directory.conftest import DirectoryFolder


def test_iowa_starts_with_the_prison_systems_program(session: Session) -> None:
    assert programs_in(session, "IA")[0].id == "us-ia-doc-vois"


@pytest.mark.parametrize("state", ["ID", "NJ", "RI", "US"])
def test_a_state_without_a_known_program_has_none_but_an_office(session: Session, state: str) -> None:
    assert programs_in(session, state) == []
    assert [entry.state for entry in offices_in(session, state)] == [state]


def test_every_program_but_the_national_one_is_listed_in_its_state(session: Session) -> None:
    listed = {entry.id for state in STATES for entry in programs_in(session, state)}

    assert set(session.scalars(select(Program.id))) - listed == {"us-national-just-alternatives"}
    assert resource(session, "us-just-alternatives") is not None


def test_a_statewide_program_comes_first_where_there_is_one(session: Session) -> None:
    for state in STATES:
        programs = programs_in(session, state)
        if any(entry.reach == "statewide" for entry in programs):
            assert programs[0].reach == "statewide", state


def test_each_state_has_an_office_to_turn_to(session: Session) -> None:
    assert {state for state in STATES if not offices_in(session, state)} == {"AS", "MP", "VI"}


def test_the_order_is_the_one_a_survivor_of_a_violent_crime_needs(engine: Engine, folder: DirectoryFolder) -> None:
    template = next(row for row in folder.rows("programs.csv") if row["id"] == "us-ia-doc-vois")
    template |= {"state": "VI", "verification": "confirmed", "case_types": "", "reach": "local", "name": "N"}
    in_order: list[dict[str, str]] = [
        {"id": "us-vi-corrections", "operator_type": "state_corrections", "reach": "statewide", "name": "a"},
        {"id": "us-vi-victims", "operator_type": "state_victim_services", "reach": "statewide", "name": "B"},
        {"id": "us-vi-parole", "operator_type": "parole_board", "reach": "statewide", "name": "c"},
        {
            "id": "us-vi-attorney",
            "operator_type": "attorney_general",
            "reach": "statewide",
            "name": "A",
            "verification": "single_source",
        },
        {
            "id": "us-vi-letters",
            "operator_type": "state_corrections",
            "reach": "statewide",
            "name": "0",
            "formats": "apology_letter_bank",
        },
        {
            "id": "us-vi-charity",
            "operator_type": "nonprofit",
            "reach": "statewide",
            "case_types": "juvenile",
            "name": "A",
        },
        {"id": "us-vi-local-abuse", "operator_type": "nonprofit", "case_types": "property;domestic_violence"},
        {"id": "us-vi-local-violent", "operator_type": "nonprofit", "case_types": "juvenile;violent"},
        {"id": "us-vi-prison-town", "operator_type": "state_corrections"},
        {"id": "us-vi-local-open", "operator_type": "court", "name": "A", "verification": "single_source"},
        {"id": "us-vi-local-property", "operator_type": "court", "case_types": "property;juvenile", "name": "A"},
        {"id": "us-vi-local-youth", "operator_type": "court", "case_types": "juvenile", "name": "B"},
        {"id": "us-vi-not-violent", "operator_type": "court", "excluded_case_types": "violent", "name": "C"},
    ]
    folder.write_rows("programs.csv", [template | row for row in reversed(in_order)])
    load_directory(engine, folder.path)

    with Session(engine) as session:
        assert [entry.id for entry in programs_in(session, "VI")] == [row["id"] for row in in_order]


@pytest.mark.parametrize("state", ["ia", "Iowa", "ZZ", ""])
def test_what_is_no_state_is_refused_rather_than_found_empty(session: Session, state: str) -> None:
    with pytest.raises(ValueError, match="is not a state code"):
        programs_in(session, state)
    with pytest.raises(ValueError, match="is not a state code"):
        offices_in(session, state)


def test_a_row_is_found_by_its_id(session: Session) -> None:
    found = program(session, "us-tx-tdcj-vomd")
    assert found is not None
    assert (found.phone, found.email, found.last_seen) == (
        "+1-512-406-5929",
        "victim.svc@tdcj.texas.gov",
        date(2026, 11, 22),
    )
    texas = office(session, "us-tx-doc-victim-services")
    assert texas is not None
    assert texas.offers_dialogue == "yes"
    lifeline = resource(session, "us-988")
    assert lifeline is not None
    assert (lifeline.phone, lifeline.text_number) == ("988", "988")


def test_an_unknown_id_finds_nothing(session: Session) -> None:
    assert program(session, "us-988") is None
    assert office(session, "us-988") is None
    assert resource(session, "us-tx-tdcj-vomd") is None


def test_emergency_help_stands_first_among_the_resources(session: Session) -> None:
    found = resources(session)

    assert len(found) == 22
    assert [entry.id for entry in found[:2]] == ["us-911", "us-988"]
