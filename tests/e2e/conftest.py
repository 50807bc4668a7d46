import pytest

from harness import Server


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests of a module that do not disturb each other."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as running:
        running.realm("production", "Production")
        yield running
