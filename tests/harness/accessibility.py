"""axe-core on a page: what it finds against WCAG 2.2 AA and the best practices."""

import json
from functools import cache

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable")
"""The rules whose answer depends on the theme, or on the width of the window."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def _script() -> str:
    return f"{Axe().axe_script};0"  # a value of its own: the script's is the whole of axe, which would be sent back


def violations(page: Page, *, looks_only: bool = False) -> list[str]:
    """Each rule that the page breaks, with the elements that break it and what mends them.

    ``looks_only``: only those rules that may have another answer in the other theme, or in another window.

    The page needs a context with ``bypass_csp=True``, or a policy that lets the driver evaluate text. axe leaves out
    the details of what passes, and only what does not pass is brought over: most of the time went there.
    """
    page.evaluate(_script())
    asked = {"type": "rule", "values": list(LOOKS)} if looks_only else {"type": "tag", "values": list(RULES)}
    found = page.evaluate(
        "options => axe.run(options).then(results => results.violations)",
        {"runOnly": asked, "resultTypes": ["violations"]},
    )
    return [
        f"{violation['id']}: {json.dumps([node['target'] for node in violation['nodes']])[:300]} ({violation['help']})"
        for violation in found
    ]
