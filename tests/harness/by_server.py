"""A pytest plugin for the browser's pass: how its tests are spread over the workers.

The tests of one file of tests/browser share a server, and stay together; the files with the most tests come first.
The pages of the styleguide need nothing but a browser, which every worker has: each of those tests goes to whoever is
free, so that no worker ends long before the others.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_TOGETHER = "tests/browser/"


class ByServer(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Tests with a server by file, all others one by one."""

    def _split_scope(self, nodeid: str) -> str:
        """What stays together: the file, or the test itself."""
        file = nodeid.partition("::")[0]
        return file if file.startswith(_TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer:
    """In place of what `--dist` names."""
    return ByServer(config, log)
