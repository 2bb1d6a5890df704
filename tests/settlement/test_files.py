"""Statements as files: every line with the balance after it; whole, or failed with the reason."""

from __future__ import annotations

import re
import zipfile
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, text

import ucc.settlement.pdf as pdf
import ucc.settlement.xlsx as xlsx
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.kit.china import cycle_of, day_of
from ucc.ledger.service import reverse, top_up
from ucc.settlement.asking import ask_for_file
from ucc.settlement.files import make_files
from ucc.settlement.models import Statement, StatementFile
from ucc.settlement.service import settle
from ucc.settlement.xlsx import say_ppm
from world import YUAN, World, finished_call

pytestmark = pytest.mark.db
MONTH_END = cycle_of("month", day_of(datetime.now(UTC)))[1]
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


async def prepare(database: Database, world: World) -> Statement:
    """A month of the first enterprise with calls, a top-up and its reversal, closed."""
    for seconds in (1, 50, 61, 600):
        async with database.begin() as session:
            await finish_call(session, finished_call(world.first, seconds, started_at=datetime.now(UTC).timestamp()))
    async with database.begin() as session:
        made = await top_up(session, world.first.enterprise_id, world.first.reseller_id, 7 * YUAN, "x", "现金 <&> 7 元")
        await reverse(session, made, "typed twice")
    await settle(database, MONTH_END)
    async with database.begin() as session:
        found = select(Statement).where(Statement.tenant_id == world.first.enterprise_id)
        statement: Statement = (await session.scalars(found)).one()
        return statement


async def make(database: Database, folder: Path, statement: Statement, form: str, language: str) -> StatementFile:
    async with database.begin() as session:
        file = await ask_for_file(session, statement, form, language)
    assert await make_files(database, folder) == 1
    async with database.begin() as session:
        return await session.get_one(StatementFile, file.id)


def read_sheets(path: Path) -> list[list[list[Any]]]:
    """Every sheet as rows of texts and numbers."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            (name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")),
            key=lambda name: int(re.sub(r"\D", "", name)),
        )
        sheets = []
        for name in names:
            root = ElementTree.fromstring(archive.read(name))
            sheets.append(
                [[_value(cell) for cell in row.findall("m:c", SPACE)] for row in root.iter(f"{{{SPACE['m']}}}row")]
            )
    return sheets


def _value(cell: ElementTree.Element) -> Any:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{{{SPACE['m']}}}t"))
    value = cell.find("m:v", SPACE)
    return None if value is None or value.text is None else Decimal(value.text)


@pytest.mark.parametrize("rows_per_sheet", [1_000_000, 3])
async def test_every_line_is_in_the_xlsx(
    database: Database, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_per_sheet: int
) -> None:
    monkeypatch.setattr(xlsx, "ROWS_PER_SHEET", rows_per_sheet)
    statement = await prepare(database, world)
    file = await make(database, tmp_path, statement, "xlsx", "zh-CN")
    assert (file.state, file.lines_done, file.lines_total, file.failure) == ("ready", 7, 7, None)
    path = tmp_path / f"{file.id}.xlsx"
    assert file.size_bytes == path.stat().st_size
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    summary, *pages = read_sheets(path)
    assert len(pages) == (1 if rows_per_sheet > 7 else 3)
    lines = [row for page in pages for row in page[1:]]
    assert len(lines) == 7
    balance = Decimal(statement.opening_micros)
    for row in lines:
        numbers = [value for value in row if isinstance(value, Decimal)]
        amount, after = numbers[-2:]
        balance += round(amount * YUAN)
        assert round(after * YUAN) == balance
    assert balance == statement.closing_micros
    said = {row[0]: row for row in summary if row}
    assert said["编号"][1] == "enterprise1"
    assert said["通话"][1] == 4
    assert round(said["通话"][2] * YUAN) == -1_400_000
    assert round(said["期末余额"][-1] * YUAN) == statement.closing_micros
    assert any("现金 <&> 7 元" in row for row in lines)


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "对账单"), ("en", "Statement")])
async def test_the_pdf(database: Database, world: World, tmp_path: Path, language: str, title: str) -> None:
    statement = await prepare(database, world)
    file = await make(database, tmp_path, statement, "pdf", language)
    assert (file.state, file.failure) == ("ready", None)
    raw = (tmp_path / f"{file.id}.pdf").read_bytes()
    assert raw.startswith(b"%PDF-")
    assert raw.rstrip().endswith(b"%%EOF")
    assert len(raw) < 200_000
    text_of_it = read_pdf(raw)
    for wanted in (title, "ENTERPRISE1", "-1.40", "98.60", "现金"):
        assert wanted in text_of_it, (wanted, text_of_it)


def read_pdf(raw: bytes) -> str:
    """What is set, by the tables that say which sign a glyph stands for."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL):
        try:
            streams.append(zlib.decompress(found[1]))
        except zlib.error:
            streams.append(found[1])
    signs: dict[int, str] = {}
    for stream in streams:
        if b"beginbfchar" in stream:
            for glyph, code in re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", stream):
                signs[int(glyph, 16)] = bytes.fromhex(code.decode()).decode("utf-16-be")
    said = []
    for stream in streams:
        for part in re.findall(rb"\(((?:\\.|[^\\()])*)\) ?Tj", stream, re.DOTALL):
            plain = re.sub(rb"\\([()\\nrtbf])", lambda m: {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(m[1], m[1]), part)
            codes = [int.from_bytes(plain[at : at + 2], "big") for at in range(0, len(plain), 2)]
            said.append("".join(signs.get(code, "?") for code in codes))
    return "\n".join(said)


async def test_asked_twice_it_is_one_file(database: Database, world: World, tmp_path: Path) -> None:
    statement = await prepare(database, world)
    first = await make(database, tmp_path, statement, "xlsx", "en")
    async with database.begin() as session:
        again = await ask_for_file(session, statement, "xlsx", "en")
    assert (again.id, again.state) == (first.id, "ready")
    assert await make_files(database, tmp_path) == 0


async def test_what_fails_says_why_and_can_be_tried_again(
    database: Database, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = await prepare(database, world)
    monkeypatch.setattr(pdf, "FONTS", ())
    pdf.find_font.cache_clear()
    failed = await make(database, tmp_path, statement, "pdf", "en")
    assert (failed.state, failed.failure) == ("failed", "fonts-noto-cjk is not installed")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    pdf.find_font.cache_clear()
    assert (await make(database, tmp_path, statement, "pdf", "en")).state == "ready"


async def test_a_worker_that_died_is_taken_over(database: Database, world: World, tmp_path: Path) -> None:
    statement = await prepare(database, world)
    async with database.begin() as session:
        file = await ask_for_file(session, statement, "xlsx", "en")
        await session.execute(
            text("UPDATE statement_file SET state = 'making', updated_at = now() - interval '1 minute'")
        )
    assert await make_files(database, tmp_path) == 0
    async with database.begin() as session:
        await session.execute(text("UPDATE statement_file SET updated_at = now() - interval '3 minutes'"))
    assert await make_files(database, tmp_path) == 1
    assert (tmp_path / f"{file.id}.xlsx").is_file()


async def test_a_statement_that_is_not_the_ledgers_makes_no_file(
    database: Database, world: World, tmp_path: Path
) -> None:
    statement = await prepare(database, world)
    async with database.begin() as session:
        await session.execute(
            text("INSERT INTO statement_total (statement_id, kind, tenant_id, entries, amount_micros) "
                 "VALUES (:id, 'gift', :tenant, 1, 5)"),
            {"id": statement.id, "tenant": statement.tenant_id},
        )  # fmt: skip
    failed = await make(database, tmp_path, statement, "xlsx", "en")
    assert failed.state == "failed"
    assert list(tmp_path.iterdir()) == []


def test_millionths_as_percent() -> None:
    assert [say_ppm(ppm) for ppm in (0, 50_000, 12_345, 1_000_000, 1)] == [
        "0 %",
        "5 %",
        "1.2345 %",
        "100 %",
        "0.0001 %",
    ]
