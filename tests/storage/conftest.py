"""The house, emptied for every test of storage."""

from __future__ import annotations

import pytest

from tests.builders import emptied
from ussd_app.runtime import Runtime


@pytest.fixture
def rt(house: Runtime) -> Runtime:
    """The house, empty but for the shipped menus, at ten in the morning."""
    return emptied(house)
