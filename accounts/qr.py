"""QR codes as inline SVG."""

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET_ZONE = 4  # modules of white on each side, which ISO/IEC 18004 asks for


def qr_svg(text: str) -> SafeString:
    """The QR code of `text`, black on white in every theme, without style attributes.

    segno makes the code; the drawing is one path of unit squares, put together through `format_html`, so nothing is
    declared safe that was not escaped.
    """
    rows = [list(row) for row in segno.make_qr(text).matrix_iter(border=QUIET_ZONE)]
    squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return format_html(
        '<svg viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        '<path fill="#fff" d="M0 0h{size}v{size}H0z"></path><path fill="#000" d="{squares}"></path></svg>',
        size=len(rows),
        squares=squares,
    )
