"""Whether the server in this container answers: exit code 0 or 1, for the container's health check."""

import http.client
import os
import sys


def main() -> int:
    """Ask /healthz under the first host name that the application answers to."""
    host = os.environ.get("HOLDFAST_ALLOWED_HOSTS", "127.0.0.1").replace(",", " ").split()[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("HOLDFAST_PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
