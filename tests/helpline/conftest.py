"""The console served for tests: a database of its own with three accounts, in process for HTTP and on loopback."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.channels.application import create_application
from bot.engine.engine import Engine
from bot.settings import settings
from bot.staff.accounts import StaffAccounts
from tests.web.conftest import browser, serve_in_thread, unlimited  # noqa: F401 - a fixture

PASSWORD = "correct horse battery"  # noqa: S105 - of the tests
NAMES = {"volunteer": "vera", "lead": "leo", "admin": "ada"}
HERE = "http://localhost"


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A browser without a script at the console: it keeps cookies, and fills in the token of the last form."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return self._seen(await self.client.get(path))

    async def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form with the token of the last page."""
        return self._seen(await self.client.post(path, data={"token": self.token, **fields}))

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Open the sign-in page and send it."""
        await self.get("/staff/sign-in")
        answer = await self.post("/staff/sign-in", name=name, password=password)
        if answer.status_code == 303:
            await self.get("/staff/script/open")
        return answer

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        found = re.search(r'name="token" value="(\w+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer


MakeDesk = Callable[[], Desk]


@pytest.fixture(scope="session")
def accounts(directory_file: Path) -> StaffAccounts:
    """The accounts of the run's database, with one of each role."""
    made = StaffAccounts(settings().database_url)
    for role, name in NAMES.items():
        made.add(name, PASSWORD, role)
    return made


@pytest.fixture
async def make_desk(engine: Engine, accounts: StaffAccounts) -> AsyncIterator[MakeDesk]:
    """Makes desks, each with its own cookies, at one console. A failing page is an answer."""
    application = create_application(engine, unlimited(staff=True))
    opened: list[httpx.AsyncClient] = []

    def make() -> Desk:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        opened.append(httpx.AsyncClient(transport=transport, base_url=HERE))
        return Desk(opened[-1])

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def desk(make_desk: MakeDesk) -> Desk:
    """A desk where a volunteer is signed in."""
    made = make_desk()
    await made.sign_in(NAMES["volunteer"])
    return made


@pytest.fixture(scope="module")
def console(engine: Engine, accounts: StaffAccounts) -> Iterator[str]:
    """The address of a console on loopback."""
    with serve_in_thread(lambda ready: create_application(engine, unlimited(staff=True), ready)) as served:
        yield f"{served}/staff/"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811 - the fixture
    """A fresh browser."""
    opened = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(10_000)  # milliseconds
    yield opened
    opened.close()


def signed_in(context: BrowserContext, console: str, name: str) -> Page:
    """A page that shows the first step."""
    page = context.new_page()
    page.goto(console)
    expect(page.get_by_label("Name of your account")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Open").wait_for()
    return page


@pytest.fixture
async def client_without_staff(engine: Engine) -> AsyncIterator[Desk]:
    """A desk at an installation that serves no console."""
    transport = httpx.ASGITransport(create_application(engine, unlimited()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        yield Desk(client)
