"""A log that cannot be written stays silent: Python would print the record raw, exception and all."""

import io
import logging

import pytest


def test_a_line_that_cannot_be_written_is_not_printed_raw(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    stream.close()
    logger = logging.getLogger("broken")
    logger.addHandler(handler)
    try:
        logger.error("It failed", exc_info=ValueError("canary"))
    finally:
        logger.removeHandler(handler)
    assert "canary" not in capsys.readouterr().err
