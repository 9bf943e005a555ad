"""Fixtures: a broker a test."""

import pytest

from mock_broker import MockBroker


@pytest.fixture
def broker():
    broker = MockBroker()
    yield broker
    broker.stop()
