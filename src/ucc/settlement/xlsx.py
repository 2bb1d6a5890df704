"""A statement as XLSX: a sheet with the summary, then every line with the balance after it, over sheets as needed.

Written as it is read: memory does not grow with the lines. Amounts are numbers for people to add up; a spreadsheet
keeps 15 digits of them, which is every micro below a thousand million yuan.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ucc.kit.china import CHINA
from ucc.kit.money import MICROS_PER_YUAN, format_yuan
from ucc.settlement.content import StatementContent
from ucc.settlement.lines import StatementLine
from ucc.settlement.words import CYCLE_WORDS, Language, say

ROWS_PER_SHEET = 1_000_000
COLUMNS = (
    ("entry", 12), ("time", 20), ("kind", 14), ("direction", 10), ("caller", 18), ("callee", 18),
    ("answered_at", 20), ("billed_s", 10), ("amount", 16), ("balance", 16), ("reason", 40),
)  # fmt: skip


class StatementBook:
    """One file in the making: `write` the lines in their order, then `close`. It is whole only when closed."""

    def __init__(self, path: Path, content: StatementContent, language: Language) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._language = language
        self._bold = self._book.add_format({"bold": True})
        self._yuan = self._book.add_format({"num_format": "#,##0.00####"})
        self._balance = content.opening_micros
        self._row, self._sheets = ROWS_PER_SHEET + 1, 0
        self._sheet: Worksheet
        self._write_summary(content)
        self._next_sheet()

    def write(self, lines: Sequence[StatementLine]) -> None:
        """These lines below those before."""
        for line in lines:
            if self._row > ROWS_PER_SHEET:
                self._next_sheet()
            self._write_line(line)

    def close(self) -> int:
        """Finish the file. Returns the balance after the last line, in micros."""
        self._book.close()
        return self._balance

    def _write_line(self, line: StatementLine) -> None:
        sheet, row = self._sheet, self._row
        self._balance += line.amount_micros
        sheet.write_number(row, 0, line.entry_id)
        sheet.write_string(row, 1, say_time(line.at))
        sheet.write_string(row, 2, say(self._language, line.kind))
        if line.call_id is not None and line.direction is not None:
            sheet.write_string(row, 3, say(self._language, line.direction))
            sheet.write_string(row, 4, line.caller or "")
            sheet.write_string(row, 5, line.callee or "")
            if line.answered_at is not None:
                sheet.write_string(row, 6, say_time(line.answered_at))
        if line.billed_s is not None:
            sheet.write_number(row, 7, line.billed_s)
        sheet.write_number(row, 8, line.amount_micros / MICROS_PER_YUAN, self._yuan)
        sheet.write_number(row, 9, self._balance / MICROS_PER_YUAN, self._yuan)
        if line.reason:
            sheet.write_string(row, 10, line.reason)
        self._row += 1

    def _next_sheet(self) -> None:
        self._sheets += 1
        number = f" {self._sheets}" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(say(self._language, "lines") + number)
        for column, (word, width) in enumerate(COLUMNS):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, say(self._language, word), self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def _write_summary(self, content: StatementContent) -> None:
        sheet = self._book.add_worksheet(say(self._language, "summary"))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 5, 18)
        rows: list[list[str | int | float]] = [[say(self._language, "title")]]
        rows += [[say(self._language, word), value] for word, value in list_heading(content, self._language)]
        rows += [[], [say(self._language, word) for word in ("kind", "entries", "amount")]]
        rows.append([say(self._language, "opening"), "", _yuan(content.opening_micros)])
        rows += [[say(self._language, one.kind), one.entries, _yuan(one.amount_micros)] for one in content.totals]
        rows.append([say(self._language, "closing"), "", _yuan(content.closing_micros)])
        rows += [[], [say(self._language, word) for word in ("day", "direction", "calls", "billed_s", "amount")]]
        for day in content.days:
            direction = say(self._language, day.direction)
            rows.append([day.day.isoformat(), direction, day.calls, day.billed_s, _yuan(day.amount_micros)])
        rows += [[], [say(self._language, word) for word in ("basis", "cycle", "span", "unit_days", "amount")]]
        for rent in content.rents:
            words = [say(self._language, rent.basis), say(self._language, CYCLE_WORDS[rent.cycle])]
            span = f"{rent.starts_on} - {rent.ends_on}"
            rows.append([*words, span, rent.unit_days, _yuan(-rent.amount_micros)])
        rows += [[], [say(self._language, "note")]]
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                _write(sheet, at, column, value, self._yuan)


def _write(sheet: Worksheet, row: int, column: int, value: str | int | float, yuan: Format) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value, yuan if isinstance(value, float) else None)


def _yuan(micros: int) -> float:
    return micros / MICROS_PER_YUAN


def list_heading(content: StatementContent, language: Language) -> list[tuple[str, str]]:
    """Whose statement it is, of which month and by which terms: words and what they stand for."""
    terms = say(language, "terms").format(
        minimum=format_yuan(content.minimum_micros), free_s=content.free_s, ppm=say_ppm(content.commission_ppm)
    )
    heading = [("tenant", content.name), ("code", content.code)]
    heading += [("issuer", content.issuer)] if content.issuer is not None else []
    return [
        *heading,
        ("period", f"{content.period:%Y-%m}"),
        ("closed_at", say_time(content.closed_at)),
        ("reason", terms),
    ]


def say_ppm(ppm: int) -> str:
    """ "5 %" of 50000: at most four decimals."""
    whole, rest = divmod(ppm, 10_000)
    decimals = f"{rest:04d}".rstrip("0")
    return f"{whole}{'.' + decimals if decimals else ''} %"


def say_time(moment: datetime) -> str:
    """On Beijing's clock, to the second."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
