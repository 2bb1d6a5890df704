"""The base of all models: names of constraints, and the column types that are the same everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A row's own number."""

Micros = Annotated[int, mapped_column(BigInteger)]
"""An amount in 1/1,000,000 yuan."""

Moment = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True, precision=3))]
"""A moment of a call, to the millisecond, aware."""

CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
    }


__all__ = ["UUID", "Base", "CreatedAt", "Id", "Micros", "Moment"]
