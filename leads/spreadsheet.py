"""Cells that a spreadsheet shows and never runs."""

# A spreadsheet program runs what begins so, also behind blanks (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """Return a cell with an apostrophe before what would begin a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(FORMULA) or cell.startswith(FORMULA) else cell
