"""A process that is forked while another thread loads keys."""

import os

from vault.keys import keyrings


def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    with keyrings._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if keyrings._lock.acquire(timeout=2) else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
