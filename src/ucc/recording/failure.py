"""Why a recording failed: stable codes, kept in the record and shown by programs and pages in their own words."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    DISK_FULL = "disk_full"  # of the captures, at the border
    BORDER_AWAY = "border_away"
    BORDER_REFUSED = "border_refused"
    NOTHING_CAPTURED = "nothing_captured"
    CUT_SHORT = "cut_short"  # the disk of the captures filled up meanwhile
    CAPTURE_GONE = "capture_gone"
    CAPTURE_UNREADABLE = "capture_unreadable"
    NO_AUDIO = "no_audio"  # captured, but nothing that can be heard
    BAD_LENGTH = "bad_length"
    OUT_OF_MEMORY = "out_of_memory"
    STORAGE_FULL = "storage_full"  # of the finished recordings
    STORAGE_ERROR = "storage_error"
    ENCODER_DIED = "encoder_died"
