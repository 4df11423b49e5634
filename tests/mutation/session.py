"""The pytest plugin of `python -m tests.mutation`, which runs the tests in its own way."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Writes its findings, one JSON object a line, to the file that `$HOLDFAST_MUTATION_OUT` names."""
    from tests.mutation.running import Run  # by now there are settings

    if session.testsfailed or not session.items:
        raise pytest.UsageError("The tests could not be collected.")
    Run(session).everything()
    return True
