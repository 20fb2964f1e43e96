"""What every test shares: the trained model (made once a run), a directory in a real SQLite file, and one engine."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from bot import absent_packages, logs

logs.configure()
absent_packages.install()

from bot.answers.catalog import catalog  # noqa: E402
from bot.directory.database import connect, upgrade  # noqa: E402
from bot.directory.importer import load_directory  # noqa: E402
from bot.engine.engine import Engine  # noqa: E402
from bot.engine.gate import renderer  # noqa: E402
from bot.engine.model import ModelMissing, find_model, train_model  # noqa: E402
from bot.settings import DATA, MODELS, settings  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test whose marker FOOTBRIDGE_TEST_REQUIRE names: there it would prove nothing."""
    report = yield
    required = os.environ.get("FOOTBRIDGE_TEST_REQUIRE", "").split()
    if report.skipped and any(item.get_closest_marker(marker) for marker in required):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and FOOTBRIDGE_TEST_REQUIRE is {' '.join(required)!r}"
    return report


@pytest.fixture(scope="session", autouse=True)
def directory_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SQLite file with the whole directory; the settings of the run name it."""
    path = tmp_path_factory.mktemp("directory") / "footbridge.db"
    os.environ["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{path}"
    settings.cache_clear()
    renderer.cache_clear()
    # No test depends on the day on which it runs: answers are held against the day when the last of them was written.
    renderer().today = lambda: max(topic.written for topic in catalog().topics.values())
    engine = connect(settings().database_url)
    upgrade(engine)
    load_directory(engine, DATA / "directory")
    engine.dispose()
    yield path
    del os.environ["FOOTBRIDGE_DATABASE_URL"]
    settings.cache_clear()


@pytest.fixture(scope="session")
def model() -> Path:
    """The model trained from today's inputs; trained now if it is not there."""
    try:
        return find_model(MODELS)
    except ModelMissing:
        return train_model(MODELS)


@pytest.fixture(scope="session")
def engine(model: Path, directory_file: Path) -> Engine:
    """The engine as it is served."""
    return Engine.load(settings().models)
