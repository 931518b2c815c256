"""What hangs on results and comparisons of the study, so that they can draw maps and pages of themselves."""

from __future__ import annotations

from typing import Any

from twin.report.build import view_of
from twin.report.page import render
from twin.study.comparison import Comparison
from twin.study.results import Result


class ReportDrawer:
    """Draws what the study's `hang` was given: ``hang(ReportDrawer())``."""

    def map(self, subject: Result | Comparison, column: str) -> Any:
        """A matplotlib figure of a column of the links."""
        from twin.report.maps import draw_links

        return draw_links(subject, column)

    def page(self, subject: Result | Comparison) -> str:
        """One self-contained HTML page."""
        return render(view_of(subject))
