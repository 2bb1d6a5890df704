"""A statement as PDF: whose it is, the sums, calls by day, rents, and every entry that is no call (calls one by one are
in the XLSX). Set in Noto Sans CJK, of which only the signs that occur are embedded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from ucc.kit.money import format_yuan
from ucc.settlement.content import StatementContent
from ucc.settlement.lines import StatementLine
from ucc.settlement.words import CYCLE_WORDS, Language, say
from ucc.settlement.xlsx import list_heading, say_time

FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
)
SIMPLIFIED = 2
"""The face of the collection for simplified Chinese."""
MOST_ENTRIES = 2000
FAMILY = "noto"


class NoFont(RuntimeError):
    """The machine has no font with Chinese signs."""


@cache
def find_font() -> Path:
    """Raises NoFont."""
    for path in FONTS:
        if path.is_file():
            return path
    raise NoFont("fonts-noto-cjk is not installed")


class StatementPdf(FPDF):
    def __init__(self, language: Language) -> None:
        super().__init__(format="A4")
        self._language = language
        self.add_font(FAMILY, "", find_font(), collection_font_number=SIMPLIFIED)
        self.set_auto_page_break(True, margin=18)
        self.set_font(FAMILY, size=9)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=8)
        text = say(self._language, "page").format(page=self.page_no(), pages="{nb}")
        self.cell(0, 8, text, align="C")

    def say_title(self, word: str, size: int) -> None:
        self.set_font(FAMILY, size=size)
        self.cell(0, size * 0.8, say(self._language, word), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FAMILY, size=9)
        self.ln(1)

    def put_table(
        self, words: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int], numbers: int
    ) -> None:
        """The last `numbers` columns are to the right."""
        align = tuple("LEFT" for _ in words[numbers:]) + tuple("RIGHT" for _ in range(numbers))
        plain = FontFace(emphasis="", fill_color=(235, 239, 245))
        with self.table(
            col_widths=tuple(widths),
            text_align=align,
            headings_style=plain,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=5,
        ) as table:
            table.row([say(self._language, word) for word in words])
            for row in rows:
                table.row(list(row))
        self.ln(4)


def write_pdf(path: Path, content: StatementContent, others: Sequence[StatementLine], language: Language) -> None:
    """`others`: the entries that are no calls; at most MOST_ENTRIES of them are listed. Raises NoFont, OSError."""
    pdf = StatementPdf(language)
    pdf.set_title(f"{say(language, 'title')} {content.name} {content.period:%Y-%m}")
    pdf.add_page()
    pdf.say_title("title", 18)
    for word, value in list_heading(content, language):
        pdf.cell(40, 6, say(language, word))
        pdf.multi_cell(0, 6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(3)
    pdf.say_title("summary", 12)
    rows = [(say(language, "opening"), "", format_yuan(content.opening_micros))]
    rows += [(say(language, one.kind), str(one.entries), format_yuan(one.amount_micros)) for one in content.totals]
    rows.append((say(language, "change"), str(content.entries), format_yuan(content.change_micros)))
    rows.append((say(language, "closing"), "", format_yuan(content.closing_micros)))
    pdf.put_table(("kind", "entries", "amount"), rows, (90, 40, 60), 2)
    if content.days:
        pdf.say_title("days", 12)
        days = [
            (
                day.day.isoformat(),
                say(language, day.direction),
                str(day.calls),
                str(day.billed_s),
                format_yuan(day.amount_micros),
            )
            for day in content.days
        ]
        pdf.put_table(("day", "direction", "calls", "billed_s", "amount"), days, (40, 40, 30, 35, 45), 3)
    if content.rents:
        pdf.say_title("rents", 12)
        rents = [
            (
                say(language, rent.basis),
                say(language, CYCLE_WORDS[rent.cycle]),
                f"{rent.starts_on} - {rent.ends_on}",
                str(rent.unit_days),
                format_yuan(-rent.amount_micros),
            )
            for rent in content.rents
        ]
        pdf.put_table(("basis", "cycle", "span", "unit_days", "amount"), rents, (35, 25, 60, 30, 40), 2)
    if others:
        pdf.say_title("lines", 12)
        lines = [
            (
                str(line.entry_id),
                say_time(line.at),
                say(language, line.kind),
                line.reason or "",
                format_yuan(line.amount_micros),
            )
            for line in others[:MOST_ENTRIES]
        ]
        if len(others) > MOST_ENTRIES:
            lines.append(("...", "", "", f"+ {len(others) - MOST_ENTRIES}: XLSX", ""))
        pdf.put_table(("entry", "time", "kind", "reason", "amount"), lines, (22, 38, 32, 63, 35), 1)
    pdf.multi_cell(0, 5, say(language, "note"))
    pdf.output(str(path))
