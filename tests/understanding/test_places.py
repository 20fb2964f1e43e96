"""Which places are read in what survivors type."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest
import us
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.place_names import PlaceTables
from bot.understanding.place_tokens import CODES
from bot.understanding.place_words import DATA, PlaceWords, PlaceWordsError
from bot.understanding.places import PlaceReading, Places

NOTHING: tuple[str, ...] = ()
SPRINGFIELDS = ("MO", "MA", "IL", "OR", "OH", "VA", "PA", "TN")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> PlaceTables:
    """The tables as a trained model keeps them: made, written and read again."""
    path = tmp_path_factory.mktemp("model") / "place_names.json"
    PlaceTables.make().save(path)
    return PlaceTables.load(path)


@pytest.fixture(scope="module")
def reader(tables: PlaceTables) -> Places:
    return Places(tables)


READINGS: list[tuple[str, tuple[str, ...], bool]] = [
    # Full names, any case; the longest name wins.
    ("Iowa", ("IA",), True),
    ("iowa", ("IA",), True),
    ("IOWA!", ("IA",), True),
    ("I live in new mexico", ("NM",), True),
    ("West Virginia", ("WV",), True),
    ("he is in a west virginia prison", ("WV",), True),
    ("Arkansas", ("AR",), True),
    ("does kansas have a program", ("KS",), True),
    ("Puerto Rico", ("PR",), True),
    ("I am in Guam", ("GU",), True),
    ("us virgin islands", ("VI",), True),
    ("district of columbia", ("DC",), True),
    ("What does Iowa's program do?", ("IA",), True),
    ("w. virginia", ("WV",), True),
    # Two-letter codes.
    ("IA", ("IA",), True),
    ("ia", ("IA",), True),
    ("ny.", ("NY",), True),
    ("N.Y.", ("NY",), True),
    ("He is locked up in TX", ("TX",), True),
    ("HE IS LOCKED UP IN TX", ("TX",), True),
    ("des moines ia", ("IA",), True),
    ("it was in st. paul mn two years ago", ("MN",), True),
    ("pr", ("PR",), True),
    ("tx is not read here", NOTHING, False),
    ("mt", ("MT",), True),
    ("billings, MT", ("MT",), True),
    ("Mt. Vernon, NY", ("NY",), True),
    ("he is locked up in tx", ("TX",), True),
    ("i am from ny", ("NY",), True),
    ("any help near nj?", ("NJ",), True),
    ("there is one at mn", ("MN",), True),
    ("i live in upstate ny", ("NY",), True),
    ("he was moved to fl", ("FL",), True),
    ("i talk to fl", NOTHING, False),
    ("it was in md", ("MD",), True),
    ("help from va", ("VA",), False),
    ("i get help at the va", NOTHING, False),
    ("he wants me in or out", NOTHING, False),
    # Codes that are words.
    ("ok", NOTHING, False),
    ("OK", NOTHING, False),
    ("Ok.", NOTHING, False),
    ("hi", NOTHING, False),
    ("HI!", NOTHING, False),
    ("in", NOTHING, False),
    ("or", NOTHING, False),
    ("me", NOTHING, False),
    ("oh", NOTHING, False),
    ("Oh", NOTHING, False),
    ("OH", ("OH",), True),
    ("ME", ("ME",), True),
    ("PA", ("PA",), True),
    ("P.A.", ("PA",), True),
    ("ma", ("MA",), False),
    ("co", ("CO",), False),
    ("de", ("DE",), False),
    ("la", ("LA", "CA"), False),
    ("oh, in that case tell me or my son", NOTHING, False),
    ("THIS HAPPENED TO ME OR HIM", NOTHING, False),
    ("She lives in OH now", ("OH",), True),
    ("He did this to ME", NOTHING, False),
    ("the CO read my letter", NOTHING, False),
    ("columbus, oh", ("OH",), True),
    ("COLUMBUS, OH", ("OH",), True),
    # A city with one of its own states, as the whole message.
    ("columbus oh", ("OH",), True),
    ("Cleveland oh", ("OH",), True),
    ("COLUMBUS OH", ("OH",), True),
    ("portland or", ("OR",), True),
    ("portland me", ("ME",), True),
    ("friend or", ("OR",), False),
    ("thomas ok", ("OK",), False),
    ("portland in", ("IN",), False),
    ("I live in Portland, me and my son", ("OR", "ME", "TX"), False),
    ("I live in Portland, or close to it", ("OR", "ME", "TX"), False),
    ("It was in Portland, me.", ("ME",), True),
    ("baton rouge la", ("LA",), True),
    ("my case was in Portland ME", ("ME",), True),
    ("he moved to portland or somewhere", ("OR", "ME", "TX"), False),
    ("The VA pays for my therapy", NOTHING, False),
    ("richmond va", ("VA",), True),
    ("He is in LA", ("LA", "CA"), False),
    ("a DNA-ID test", NOTHING, False),
    # Misspelled names: one letter, or vowels only. Further away they are asked back.
    ("pensylvania", ("PA",), True),
    ("calafornia", ("CA",), True),
    ("the prison is in tennesee", ("TN",), True),
    ("ilinois", ("IL",), True),
    ("conneticut", ("CT",), True),
    ("massachusets", ("MA",), True),
    ("missisippi", ("MS",), True),
    ("west virgina", ("WV",), True),
    ("new hamshire", ("NH",), True),
    ("noth carolina", ("NC",), True),
    ("newyork", ("NY",), True),
    ("washinton", ("WA", "DC"), False),
    ("pensylvana", ("PA",), False),
    ("wiskonsen", ("WI",), False),
    ("pittsburgh pensylvania", ("PA",), True),
    ("the main thing is organ donation", NOTHING, False),
    ("I keep washing my hands, that is a habit of mine", NOTHING, False),
    ("I miss him and I have no idea what color it was", NOTHING, False),
    ("he still texts me about taxes", NOTHING, False),
    ("I was a virgin", NOTHING, False),
    # Cities.
    ("Des Moines, Iowa", ("IA",), True),
    ("Des Moines IA", ("IA",), True),
    ("Chicago", ("IL",), True),
    ("near Chicago", ("IL",), True),
    ("he was moved to houston", ("TX",), True),
    ("in downtown Cleveland, Ohio", ("OH",), True),
    ("Springfield", SPRINGFIELDS, False),
    ("springfield illinois", ("IL",), True),
    ("Portland", ("OR", "ME", "TX"), False),
    ("Des Moines", ("IA",), True),
    ("Kansas City", ("MO", "KS"), False),
    ("Kansas City, Kansas", ("KS",), True),
    ("my kansas city lawyer", ("MO", "KS"), False),
    ("decorah", ("IA",), True),
    ("Hope, Arkansas", ("AR",), True),
    ("Smallville, Iowa", ("IA",), True),
    ("St. Louis", ("MO",), True),
    ("mayaguez", ("PR",), True),
    ("Mayagüez", ("PR",), True),
    ("O\u2019Fallon, Missouri", ("MO",), True),
    ("nyc", ("NY",), True),
    ("New York", ("NY",), True),
    ("New York City", ("NY",), True),
    ("new york, ny", ("NY",), True),
    ("Virginia Beach", ("VA",), True),
    ("Seattle, Washington", ("WA",), True),
    ("Chicago, Texas", ("IL", "TX"), False),
    # Towns named like a state.
    ("nevada, iowa", ("IA",), True),
    ("it happened in Nevada, Iowa, and I was home", ("IA",), True),
    ("Nevada, IA 50201", ("IA",), True),
    ("nevada ia", ("IA",), True),
    ("Delaware, Ohio", ("OH",), True),
    ("delaware, oh", ("OH",), True),
    ("delaware oh", ("OH",), False),
    ("california, maryland", ("MD",), True),
    ("Virginia, Minnesota", ("MN",), True),
    ("Washington, Pennsylvania", ("PA",), True),
    ("nevada iowa", ("NV", "IA"), False),
    ("Nevada, Vermont", ("NV", "VT"), False),
    ("I live in Washington, in a small town", ("WA", "DC"), False),
    # Names of people and everyday words are not cities.
    ("Jackson and Madison are my children", NOTHING, False),
    ("Charlotte wants to write a letter", NOTHING, False),
    ("I cannot be near Charlotte", ("NC",), False),
    ("I hope he says sorry", NOTHING, False),
    ("hope", NOTHING, False),
    ("justice", NOTHING, False),
    ("why", NOTHING, False),
    ("it is normal to be angry", NOTHING, False),
    ("I was reading on my mobile", NOTHING, False),
    ("what happens in reading the letter", NOTHING, False),
    ("He is held in Reading", ("PA", "MA"), False),
    ("Is there a mediator in Surprise?", ("AZ",), True),
    ("Mobile", ("AL",), False),
    ("that would be nice", NOTHING, False),
    ("a letter from david", NOTHING, False),
    ("he was at Jackson's house", NOTHING, False),
    ("the union and my independence", NOTHING, False),
    ("do the conditions of parole matter", NOTHING, False),
    # Georgia and Virginia are people too.
    ("my sister georgia wants to meet him", NOTHING, False),
    ("Virginia was my mother", NOTHING, False),
    ("he is in georgia", ("GA",), True),
    ("Georgia", ("GA",), True),
    ("georgia prison", ("GA",), True),
    ("Virginia Department of Corrections", ("VA",), True),
    ("Atlanta Georgia", ("GA",), True),
    ("Does Georgia have a program", ("GA",), True),
    ("does virginia offer victim offender mediation?", ("VA",), True),
    ("programs in georgia", ("GA",), True),
    ("georgia program", ("GA",), True),
    ("Does Georgia have to be there", NOTHING, False),
    # Washington.
    ("Washington", ("WA", "DC"), False),
    ("Washington state", ("WA",), True),
    ("washington dc", ("DC",), True),
    ("Washington, D.C.", ("DC",), True),
    ("D.C.", ("DC",), True),
    # Counties.
    ("cook county illinois", ("IL",), True),
    ("cook county, il", ("IL",), True),
    ("the trial was in Duval County", ("FL",), True),
    ("Maricopa County", ("AZ",), True),
    ("Orleans Parish", ("LA",), True),
    ("kenai peninsula borough", ("AK",), True),
    ("Nome Census Area", ("AK",), True),
    ("Polk County in the state of Iowa", ("IA",), True),
    ("St. Mary's County", ("MD",), True),
    # ZIP codes.
    ("52240", ("IA",), True),
    ("52240-1234.", ("IA",), True),
    ("my zip is 00601", ("PR",), True),
    ("columbus oh 43004", ("OH",), True),
    ("00000", NOTHING, False),
    ("he owes me $10001", NOTHING, False),
    ("inmate number 52240", NOTHING, False),
    ("515-52240", NOTHING, False),
    # The federal system.
    ("federal", ("US",), True),
    ("he is in federal prison", ("US",), True),
    ("it was a federal case", ("US",), True),
    ("the feds have him", ("US",), True),
    ("Bureau of Prisons", ("US",), True),
    ("BOP", ("US",), True),
    ("federal prison in Texas", ("US", "TX"), False),
    ("I live in Iowa, he is in federal prison", ("US", "IA"), True),
    ("the federal government", NOTHING, False),
    # Two places.
    ("I live in Iowa but he is in prison in Texas", ("TX", "IA"), True),
    ("He is serving time in Texas and I moved to Iowa", ("TX", "IA"), True),
    ("It happened in Ohio, my home is in Maine now", ("OH", "ME"), True),
    ("He is in an Oregon prison, I live in Idaho", ("OR", "ID"), True),
    ("Iowa or Texas", ("IA", "TX"), False),
    ("I live in Iowa, and there is Texas", ("TX", "IA"), False),
    ("My family is in Iowa. The trial was in Texas", ("TX", "IA"), True),
    ("convicted in Iowa, held in Texas", ("IA", "TX"), False),
    ("I live in Portland, he is in prison in Nevada", ("NV", "OR", "ME", "TX"), True),
    ("I live in Iowa, he is in prison in Springfield", (*SPRINGFIELDS, "IA"), False),
    ("im in nevada, he is in prison in iowa", ("IA", "NV"), True),
    ("He is in prison in Iowa and I'm in northern Nevada", ("IA", "NV"), True),
    ("my case was in ohio and i am in las vegas", ("OH", "NV"), True),
    ("I'm in tx, he is locked up in ny", ("NY", "TX"), True),
    ("im in a nevada prison town, iowa", ("NV", "IA"), False),
    ("he is not in Iowa", ("IA",), False),
    # No place.
    ("", NOTHING, False),
    ("   \n", NOTHING, False),
    ("\U0001f499\U0001f622", NOTHING, False),
    ("Canada", NOTHING, False),
    ("I live in Mexico", NOTHING, False),
    ("it happened in Paris, France", NOTHING, False),
    ("Vancouver, British Columbia", NOTHING, False),
    ("he lives in London", NOTHING, False),
    ("What happens if he says no?", NOTHING, False),
]


@pytest.mark.parametrize(("text", "states", "certain"), READINGS, ids=[text or "empty" for text, _, _ in READINGS])
def test_message_names_these_states(reader: Places, text: str, states: tuple[str, ...], certain: bool) -> None:
    reading = reader.read(text)
    assert (reading.states, reading.certain) == (states, certain)


# State that wins, then messages; one list for each way of naming a place.
MISSPELLED = [
    ("MI", "Michagan", "michigen"), ("MD", "Maryand"), ("NE", "nabraska"), ("NJ", "new jersy"), ("MS", "Missisipi"),
    ("CA", "Califronia"), ("WV", "west verginia"), ("NC", "north carolna", "northc arolina"), ("OK", "oaklahoma"),
    ("ID", "idahoe"), ("TX", "texes"), ("CO", "coloroda"), ("RI", "Rhode Islnd"), ("NM", "New Mexcio", "nwe mexico"),
    ("AL", "laabama"), ("OH", "clevland"), ("PA", "Philidelphia", "pittsburg"), ("CA", "san fransisco"),
]  # fmt: skip
SHORTENED = [
    ("TX", "Tex.", "Tx."), ("MA", "Mass.", "worcester mass", "he is locked up in Mass."),
    ("IL", "Ill.", "Peoria, Ill."),
    ("WA", "Wash.", "Wash. state"), ("OR", "Ore.", "Salem, Ore."), ("NJ", "N. J."), ("NM", "N. Mex."),
    ("WV", "W. Va."),
    ("SD", "So. Dakota"), ("IN", "Gary, Ind."), ("MS", "Biloxi, Miss."), ("NY", "N.Y.C."), ("PA", "Pa.", "hes in pa"),
    ("CO", "Colo."), ("KY", "its ky"), ("WV", "wv I think"), ("AZ", "AZ please"), ("OH", "he is somewhere in oh"),
    ("OK", "i was robbed in tulsa ok and he got caught"), ("TX", "tdcj has him"),
    ("CA", "L.A. County, CA", "la county"),
]  # fmt: skip
CITIES = [
    ("NY", "Queens", "the bronx", "Long Island", "Albany"), ("IN", "indy"), ("CA", "the bay area", "San Fran"),
    ("VA", "richmond"), ("NE", "Lincoln"), ("TX", "dallas", "Houston police never called me back"),
    ("AL", "Birmingham"),
    ("FL", "St. Petersburg"), ("MS", "jackson mississippi"), ("MO", "KC, the Missouri side"), ("ME", "Augusta, ME"),
    ("OR", "bend, or"), ("IL", "he was convicted in rockford"), ("MN", "twin cities"), ("AZ", "en mesa, creo"),
    ("IN", "my nephew was shot in gary indiana"), ("AR", "Ft. Smith, Ark."), ("TX", "he's from Austin"),
]  # fmt: skip
COUNTIES = [
    ("IL", "Cook County"), ("TX", "Harris Co., Texas", "Bexar County"), ("WA", "King County, WA"),
    ("MD", "PG county maryland"), ("OH", "Franklin County, OH"), ("LA", "Caddo Parish"),
]  # fmt: skip
PRISONS = [
    ("TX", "he got moved to Huntsville, to the prison", "polunsky", "at the coffield unit",
     "hes on death row in Livingston"),
    ("NY", "Sing Sing", "up at Auburn, the correctional facility", "Rikers"), ("CA", "he's in Folsom", "pelican bay"),
    ("LA", "angola", "the farm at Angola"), ("DE", "locked up in smyrna"), ("GA", "hes doing life at Reidsville"),
    ("OH", "Marysville, the women's prison"), ("MN", "Stillwater prison"), ("WV", "he is held in Mount Olive"),
    ("AZ", "hes at the prison in Florence"), ("PA", "sci greene"), ("GA", "Hays State Prison, Georgia"),
    ("WA", "Shelton, he was just moved there"), ("CO", "Sterling, the big prison"), ("KS", "lansing correctional"),
]  # fmt: skip
TWO_PLACES = [
    ("TX", "I live in Oklahoma but they found him guilty in Texas", "Houston. I'm in Denver though",
     "We're in Canada but he was convicted in Texas", "they have him in Huntsville; I'm in Denver"),
    ("OH", "we are in Indiana and the trial was in Ohio",
     "my family's in michigan but he is sitting in an ohio prison"),
    ("CA", "my home is Oregon, the guy's locked up in California", "I'm in San Diego, the case is from there too"),
    ("LA", "Convicted in Louisiana, I moved to Mississippi after"),
    ("GA", "convicted in Georgia but im living in Tennessee"),
    ("MN", "hes in Minnesota im in north dakota", "Iowa's where I'm from. Minnesota's where it happened."),
    ("AR", "He was transferred from Texas to Arkansas"), ("NV", "he was in california but now hes in nevada"),
    ("AL", "they transferred him out of Texas, he's in Alabama", "happened in florida, but hes locked up in alabama"),
    ("CO", "I'm up in Cheyenne Wyoming but he got 40 years in Colorado"),
    ("KY", "Indiana is home but the case is Kentucky"),
    ("UT", "idaho here. the offender is in utah state prison"), ("MD", "sentenced in Maryland. Me, I'm in Virginia"),
    ("TX", "I don't live in Texas but that's where he is"), ("MO", "I'm in Arkansas, my boy was killed in Missouri"),
    ("GA", "the state that convicted him is Georgia, I live across the line in South Carolina"),
    ("NM", "We are from Arizona originally, my dad was murdered in New Mexico"),
    ("WV", "born in ohio, case in west virginia"),
    ("US", "it happened in Ohio where I live, he is in federal prison"),
]  # fmt: skip
DENIED = [
    ("TN", "no not Texas, Tennessee"), ("VA", "Virginia, not West Virginia"), ("IA", "I meant Iowa not Idaho"),
    ("MS", "Missouri? no, Mississippi"), ("NM", "I typed Arizona but I meant New Mexico"),
    ("OK", "it wasn't Texas it was Oklahoma"),
    ("OH", "not sure, Ohio"), ("NV", "California - no sorry Nevada"), ("TX", "it's not federal, it's Texas"),
]  # fmt: skip
WASHINGTON = [
    ("WA", "washington, not dc", "eastern washington", "the state, Washington", "Washington, like Seattle",
     "WA state"),
    ("DC", "washington, the district", "Wash. D.C.", "Washington, not the state", "d.c. jail"),
]  # fmt: skip
STATES_LIKE_NAMES = [
    ("GA", "Georgia I think", "it was georgia that convicted him in georgia", "Georgia. he's at Reidsville",
     "Georgia not Alabama"),
    ("VA", "Virginia DOC", "Virginia, my sister lived there"), ("NJ", "south jersey", "he is in jersey"),
]  # fmt: skip
NUMBERS = [("CO", "80202-1234"), ("MI", "the zip there is 48201"), ("NC", "28202 is the zip of the courthouse")]
SPANISH = [
    ("CA", "vivo en Texas pero él está preso en California"), ("NM", "Nuevo México"),
    ("AZ", "lo condenaron en Arizona"),
]  # fmt: skip
WINNERS = [
    (text, state)
    for listed in (
        MISSPELLED, SHORTENED, CITIES, COUNTIES, PRISONS, TWO_PLACES, DENIED, WASHINGTON,
        STATES_LIKE_NAMES, NUMBERS, SPANISH,
    )
    for state, *texts in listed
    for text in texts
]  # fmt: skip


@pytest.mark.parametrize(("text", "state"), WINNERS, ids=[text for text, _ in WINNERS])
def test_this_state_wins(reader: Places, text: str, state: str) -> None:
    reading = reader.read(text)
    assert (reading.states[:1], reading.certain) == ((state,), True)


@pytest.mark.parametrize(
    "text",
    [
        # People.
        "my sister Georgia wants to come too", "Dakota was only 19", "Savannah was my best friend",
        "Madison, that's my daughter",
        "this is for my brother Houston", "My husband Denver was killed", "his name is Washington", "Judge Lincoln",
        "I'm Georgia",
        "Jackson hurt us", "Virginia has cancer", "Georgia held my hand", "Carolina tried to help",
        "a lady named Georgia gave me this number", "I lost my Madison",
        "Georgia, she was my mother",
        "Sierra and Montana are my girls", "Houston, my nephew, did not make it", "my ex Dallas",
        "Charlotte says I should ask",
        # Words that look like codes or short names.
        "oh no", "hi hi", "me too", "or not", "in a minute", "id rather not", "al is my uncle",
        "the co was rude to me", "as if",
        "my ma", "pa never talked about it", "he is in for life", "oh. ok. in that case no", "ill have to check",
        "i'll open the door",
        "miss her so much", "the wash is done", "show ID at the door", "de nada", "la la", "I'm settling in",
        "settle it", "no car",
        # Other countries.
        "Vancouver, Canada", "Birmingham, UK", "Juarez, Mexico", "Dublin Ireland", "Kingston, Ontario", "Lima, Peru",
        "Tijuana",
        # Numbers that are no ZIP codes.
        "his doc number is 90210", "90210 is his prisoner number", "inmate # 48217", "case no. 20001",
        "I paid 12000 dollars",
        # Spanish words that are also towns here.
        "me imagino una mesa", "estoy escondida en el baño", "el pueblo es chico", "en esto", "de que temas habla",
        # Nothing.
        "the prison is three hours away", "county jail", "somewhere in the Midwest", "two different states",
        "up north", "fill in the blanks",
    ],
)  # fmt: skip
def test_no_place_is_read(reader: Places, text: str) -> None:
    assert reader.read(text) == PlaceReading()


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("Jackson", {"MS", "TN"}), ("Columbia", {"SC", "MO"}), ("Columbus", {"OH", "GA"}),
        ("Charleston", {"SC", "WV"}),
        ("in Kansas City", {"MO", "KS"}), ("Portland area", {"OR", "ME"}), ("Carolina", {"NC", "SC"}), ("ma", {"MA"}),
        ("either Iowa or Illinois", {"IA", "IL"}),
        ("he was convicted in Ohio but they moved him to Kentucky", {"OH", "KY"}),
        ("we used to live in Ohio", {"OH"}), ("federal prison in Texas", {"US", "TX"}),
    ],
)  # fmt: skip
def test_no_state_wins_and_these_are_offered(reader: Places, text: str, offered: set[str]) -> None:
    reading = reader.read(text)
    assert not reading.certain
    assert offered.issubset(reading.states)


def test_one_slip_in_the_middle_of_a_long_name_is_understood(reader: Places) -> None:
    chance = random.Random(7)  # noqa: S311 - the same slips in every run
    for state in us.states.STATES:
        if len(state.name) < 7 or state.abbr in ("WA", "NY"):  # two places, and "new work"
            continue
        for _ in range(5):
            at = chance.randrange(3, len(state.name) - 2)
            slip = chance.choice([state.name[at], "", state.name[at] * 2])
            reading = reader.read(f"{state.name[:at]}{slip}{state.name[at + 1 :]}")
            assert (reading.states, reading.certain) == ((state.abbr,), True)


def test_every_prison_town_is_a_town_of_its_state(reader: Places, tables: PlaceTables) -> None:
    towns = PlaceWords.load(DATA / "words.yml").prison_towns_by_state
    assert [(town, code) for town, codes in towns.items() for code in codes if not tables.has_town(town, code)] == []


def test_no_prison_stands_for_two_states() -> None:
    prisons = PlaceWords.load(DATA / "words.yml").prisons_by_state
    assert [name for name, codes in prisons.items() if len(codes) > 1] == []


@pytest.mark.parametrize(
    "text",
    ["Iowa", "des moines ia", "52240.", "Polk County, Iowa", "columbus oh 43004", "pensylvania", "Springfield",
    "NYC?",
     "federal prison", "D.C.", "the bronx", "\U0001f499 Georgia", "PA", "ma.", "OH", "la", "columbus oh",
     "portland or",
     "nevada, iowa", "delaware oh"],
)  # fmt: skip
def test_message_that_is_nothing_but_a_place_is_bare(reader: Places, text: str) -> None:
    assert reader.read(text).bare


@pytest.mark.parametrize(
    "text", ["", "in Iowa", "he is in prison in Texas", "Iowa or Texas", "hope", "I am in 52240", "in tx", "ok", "me"]
)
def test_message_that_says_more_is_not_bare(reader: Places, text: str) -> None:
    assert not reader.read(text).bare


@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(
            st.sampled_from(
                ["Iowa", "washington", "OH", "oh", "in", "IN", "des", "moines", ",", ".", "-", "'s", "52240",
                "99999-1",
                 "federal", "prison", "new", "yrok", "Polk", "county", "not", "live", "N.Y.", "d. c", "St.",
                 "georgia",
                 "state", "of", "the", "France", "Mobile", "\n", "\U0001f499", "\u0130", "\u00e9\u0301"]
            ),
            max_size=40,
        ).map(" ".join),
    )
)  # fmt: skip
def test_reading_never_fails_and_names_only_known_codes(reader: Places, text: str) -> None:
    reading = reader.read(text)
    assert CODES.issuperset(reading.states)
    assert len(set(reading.states)) == len(reading.states)
    if not reading.states:
        assert reading == PlaceReading()


@pytest.mark.parametrize(
    "piece",
    [
        "springfield texas ",
        "georgia ",
        "at angola ",
        "he is in ohio and ",
        "a",
        "st ",
        "IN MOBILE ",
        "federal ",
        "iowa state of ",
        "in the city ",
        "\U0001f499",
        "[",
    ],
)
def test_very_long_message_is_read_in_bounded_time(reader: Places, piece: str) -> None:
    text = piece * (50_000 // len(piece))
    started = time.process_time()
    reader.read(text)
    assert time.process_time() - started < 0.5


def test_place_after_ten_thousand_characters_is_not_read(reader: Places) -> None:
    assert reader.read("x" * 10_000 + " Iowa") == PlaceReading()
    assert reader.read("x " * 4_000 + " Iowa").states == ("IA",)


def test_every_state_and_territory_is_read_by_its_own_name(reader: Places) -> None:
    for state in us.states.STATES_AND_TERRITORIES:
        expected = ("WA", "DC") if state.abbr == "WA" else (state.abbr,)
        assert reader.read(state.name).states == expected


@pytest.mark.parametrize(
    ("line", "broken", "message"),
    [
        ("custody: [", "custodian: [", "custody"),
        ("porto rico: [PR]", "porto rico: [XX]", "porto rico"),
        ("before_to: [move,", "before_to: [no,", "before_to"),
        ("codes_that_are_words: [AL,", "codes_that_are_words: [ZZ,", "ZZ"),
        ("before_to: [move,", "before_to: [[move,", "not YAML"),
        ("  IA: [anamosa,", "  ia: [anamosa,", "prisons_by_state: 'ia'"),
        ("  NJ: [bridgeton]", "  NJ: bridgeton", "prison_towns_by_state: NJ"),
    ],
)
def test_broken_words_file_is_refused_with_its_line_named(
    tables: PlaceTables, tmp_path: Path, line: str, broken: str, message: str
) -> None:
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    words = tmp_path / "words.yml"
    text = words.read_text(encoding="utf-8")
    assert line in text
    words.write_text(text.replace(line, broken), encoding="utf-8")
    with pytest.raises(PlaceWordsError, match=message):
        Places(tables, tmp_path)


def test_tables_of_another_shape_are_refused_with_the_file_named(tmp_path: Path) -> None:
    path = tmp_path / "place_names.json"
    path.write_text('{"codes": []}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"place_names\.json.*train"):
        PlaceTables.load(path)
