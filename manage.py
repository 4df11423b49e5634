#!/usr/bin/env python3
"""The command line of Holdfast: `manage.py help` lists what it can do."""

import os
import sys

from vault.process import protect_process


def main() -> None:
    protect_process()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
