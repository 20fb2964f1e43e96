"""The directory's files are read whole or refused with every problem named."""

from __future__ import annotations

import pytest

from bot.directory.importer import DirectoryDataError, Problem, read_directory, read_resources
from bot.directory.models import Base
from bot.directory.rows import OfficeRow, ProgramRow, ResourceRow, Row
from tests.directory.conftest import REAL_DIRECTORY, DirectoryFolder


def problems_of(folder: DirectoryFolder) -> list[Problem]:
    with pytest.raises(DirectoryDataError) as caught:
        read_directory(folder.path)
    return caught.value.problems


def places(problems: list[Problem]) -> list[tuple[str, int | None, str | None]]:
    return [(problem.file, problem.line, problem.column) for problem in problems]


def test_the_real_directory_is_good_and_complete() -> None:
    data = read_directory(REAL_DIRECTORY)

    assert (len(data.programs), len(data.offices), len(data.resources)) == (190, 54, 22)


def test_the_help_lines_are_read_where_the_other_files_are_broken(folder: DirectoryFolder) -> None:
    (folder.path / "programs.csv").unlink()
    folder.set_cells("offices.csv", 2, phone="none")

    assert read_resources(folder.path) == read_directory(REAL_DIRECTORY).resources


def test_a_keyword_without_a_number_to_send_it_to_is_named(folder: DirectoryFolder) -> None:
    folder.set_cells("resources.csv", 8, text_number="")

    (problem,) = problems_of(folder)

    assert (problem.file, problem.line, problem.column) == ("resources.csv", 8, "text_keyword")


@pytest.mark.parametrize("file", ["programs.csv", "offices.csv"])
def test_rows_are_sorted_by_state_then_id(folder: DirectoryFolder, file: str) -> None:
    order = [(row["state"], row["id"]) for row in folder.rows(file)]

    assert order == sorted(order)


@pytest.mark.parametrize(
    ("row_type", "table"), [(ProgramRow, "programs"), (OfficeRow, "offices"), (ResourceRow, "resources")]
)
def test_the_readme_explains_every_column_and_the_table_stores_it(row_type: type[Row], table: str) -> None:
    readme = (REAL_DIRECTORY / "README.md").read_text(encoding="utf-8")
    columns = set(row_type.__fields__)

    assert [column for column in columns if f"| `{column}` |" not in readme] == []
    assert set(Base.metadata.tables[table].columns.keys()) - {"position"} == columns


@pytest.mark.parametrize(
    ("file", "column", "cell", "says"),
    [
        ("programs.csv", "id", "", "must be filled in"),
        ("programs.csv", "id", "us-ak-Fairbanks", "not an id"),
        ("programs.csv", "id", "us-ak--fairbanks", "not an id"),
        ("programs.csv", "state", "ak", "not a state"),
        ("programs.csv", "state", "ZZ", "not a state"),
        ("programs.csv", "state", "WY", "begin the id with us-wy-"),
        ("programs.csv", "state", "US", "begin the id with us-national- or us-federal-"),
        ("programs.csv", "name", "", "must be filled in"),
        ("programs.csv", "name", "Two\x07bells", "U+0007"),
        ("programs.csv", "name", "Turned\u202eround", "U+202E"),
        ("programs.csv", "name", " Blank before", "delete the blank"),
        ("programs.csv", "operator_type", "non-profit", "not one of: attorney_general"),
        ("programs.csv", "reach", "county", "not one of: statewide, local, national"),
        ("programs.csv", "service_area", "Kenai;;Nenana", "delete the semicolon"),
        ("programs.csv", "case_types", "violent;murder", "'murder' is not one of"),
        ("programs.csv", "excluded_case_types", "any", "'any' is not one of"),
        ("programs.csv", "formats", "zoom", "'zoom' is not one of"),
        ("programs.csv", "victim_initiated", "possible", "not one of: yes, no, unknown"),
        ("programs.csv", "offender_voluntary", "Yes", "not one of: yes, no, unknown"),
        ("programs.csv", "requires_conviction", "maybe", "not one of: yes, no, unknown"),
        ("programs.csv", "affects_parole_or_sentence", "maybe", "not one of: yes, no, possible, unknown"),
        ("programs.csv", "url", "www.example.org", "not a web address"),
        ("programs.csv", "url", "javascript://example.org", "not a web address"),
        ("programs.csv", "url", "https://example.org/\"onclick='x'", "not a web address"),
        ("programs.csv", "sources", "", "must be filled in"),
        ("programs.csv", "sources", "https://example.org/a;b ftp://example.org", "'ftp://example.org' is not a web"),
        ("programs.csv", "page_dated", "11/22/2026", "not a date"),
        ("programs.csv", "page_dated", "2026-02-30", "not a date"),
        ("programs.csv", "last_seen", "20261122", "not a date"),
        ("programs.csv", "last_seen", "", "must be filled in"),
        ("programs.csv", "verification", "sure", "not one of: confirmed, single_source, no_contact"),
        ("offices.csv", "phone", "(334) 353-1143", "not a phone number"),
        ("offices.csv", "phone", "+1-034-353-1143", "not a phone number"),
        ("offices.csv", "toll_free_phone", "+1-800-353-114", "not a phone number"),
        ("offices.csv", "tty", "71", "not a phone number"),
        ("offices.csv", "email", "victims at example.org", "not an e-mail address"),
        ("offices.csv", "operator", "", "must be filled in"),
        ("offices.csv", "offers_dialogue", "", "must be filled in"),
        ("offices.csv", "offers_dialogue", "possible", "not one of: yes, no, unknown"),
        ("resources.csv", "text_number", "1234567", "not a phone number"),
        ("resources.csv", "chat_url", "chat.example.org", "not a web address"),
        ("resources.csv", "text_keyword", "HOME or HELLO", "not one word in capital letters"),
        ("resources.csv", "purpose", "", "must be filled in"),
    ],
)
def test_a_bad_cell_is_named(folder: DirectoryFolder, file: str, column: str, cell: str, says: str) -> None:
    folder.set_cells(file, 3, **{column: cell})

    (problem,) = problems_of(folder)

    assert (problem.file, problem.line, problem.column) == (file, 3, column)
    assert says in problem.reason


def test_a_contact_contradicts_no_contact(folder: DirectoryFolder) -> None:
    folder.set_cells("programs.csv", 3, phone="+1-907-555-0100", verification="no_contact")

    (problem,) = problems_of(folder)

    assert problem.column == "verification"
    assert "phone is filled in" in problem.reason


def test_a_page_is_not_seen_before_its_date(folder: DirectoryFolder) -> None:
    folder.set_cells("programs.csv", 3, page_dated="2027-01-01", last_seen="2026-12-31")

    (problem,) = problems_of(folder)

    assert problem.column == "last_seen"
    assert "before the page's own date 2027-01-01" in problem.reason


def test_a_second_row_with_the_same_id_is_named_with_the_first(folder: DirectoryFolder) -> None:
    lines = folder.lines("resources.csv")
    folder.write_lines("resources.csv", [*lines, lines[3]])

    (problem,) = problems_of(folder)

    assert (problem.line, problem.column) == (len(lines) + 1, "id")
    assert "already the id of line 4" in problem.reason


def test_a_missing_an_unknown_and_a_repeated_column_are_named_once(folder: DirectoryFolder) -> None:
    lines = folder.lines("programs.csv")
    lines[0] = lines[0].replace(b",reach,", b",range,").replace(b",toll_free_phone,", b",phone,")
    folder.write_lines("programs.csv", lines)

    problems = problems_of(folder)

    assert sorted(places(problems)) == [
        ("programs.csv", 1, "phone"),
        ("programs.csv", 1, "range"),
        ("programs.csv", 1, "reach"),
        ("programs.csv", 1, "toll_free_phone"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"us-911,911 emergency services", "2 cells"),
        (b"", "is empty"),
        (b'us-911,"911 emergency', "cannot be split into cells"),
        (b"us-911,Caf\xe9", "not UTF-8 text (byte 11 of the line)"),
    ],
)
def test_a_line_that_is_no_row_is_named(folder: DirectoryFolder, line: bytes, says: str) -> None:
    lines = folder.lines("resources.csv")
    lines[5] = line
    folder.write_lines("resources.csv", lines)

    (problem,) = problems_of(folder)

    assert (problem.file, problem.line, problem.column) == ("resources.csv", 6, None)
    assert says in problem.reason


def test_a_missing_file_is_named(folder: DirectoryFolder) -> None:
    (folder.path / "offices.csv").unlink()

    (problem,) = problems_of(folder)

    assert (problem.file, problem.line, problem.column) == ("offices.csv", None, None)
    assert str(problem).startswith("offices.csv: cannot be read (No such file or directory)")


@pytest.mark.parametrize("lines_kept", [0, 1])
def test_an_emptied_file_is_refused(folder: DirectoryFolder, lines_kept: int) -> None:
    folder.write_lines("resources.csv", folder.lines("resources.csv")[:lines_kept])

    (problem,) = problems_of(folder)

    assert problem.file == "resources.csv"


def test_every_problem_of_every_file_is_reported_a_line_each(folder: DirectoryFolder) -> None:
    folder.set_cells("programs.csv", 2, reach="everywhere", phone="911911911")
    folder.set_cells("programs.csv", 190, last_seen="yesterday")
    (folder.path / "offices.csv").unlink()
    folder.set_cells("resources.csv", 23, url="nacrj.org")

    with pytest.raises(DirectoryDataError) as caught:
        read_directory(folder.path)

    assert sorted(places(caught.value.problems), key=str) == sorted(
        [
            ("programs.csv", 2, "reach"),
            ("programs.csv", 2, "phone"),
            ("programs.csv", 190, "last_seen"),
            ("offices.csv", None, None),
            ("resources.csv", 23, "url"),
        ],
        key=str,
    )
    report = str(caught.value).splitlines()
    assert len(report) == 5
    assert "programs.csv, line 190, column last_seen: 'yesterday' is not a date" in report[2]


def test_a_file_from_a_spreadsheet_program_reads_the_same(folder: DirectoryFolder) -> None:
    before = read_directory(folder.path)
    for file in ("programs.csv", "offices.csv", "resources.csv"):
        (folder.path / file).write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(folder.lines(file)) + b"\r\n")

    assert read_directory(folder.path) == before
