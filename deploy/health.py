"""Whether the server in this container answers: exit code 0 or 1, for the container's health check.

python deploy/health.py [PORT]
"""

import http.client
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vault.environment import Environment


def main() -> int:
    """Ask /healthz under the first host name that the application answers to."""
    hosts = Environment().words("HOLDFAST_ALLOWED_HOSTS")
    host = hosts[0].lstrip(".") if hosts else "127.0.0.1"
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
