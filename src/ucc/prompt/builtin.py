"""The sounds that UCC itself has to say, in each language, made at set-up; and the tones."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ucc.config import Settings
from ucc.prompt.audio import RATE, to_wav
from ucc.prompt.files import voice_dir, write
from ucc.prompt.speech import speak

DIGITS_ZH = "零一二三四五六七八九"
DIGITS_EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEXTS: dict[str, tuple[str, str]] = {
    **{f"digit_{n}": (DIGITS_ZH[n], DIGITS_EN[n]) for n in range(10)},
    "ten": ("十", "ten"),
    "hundred": ("百", "hundred"),
    "thousand": ("千", "thousand"),
    "ten_thousand": ("万", "ten thousand"),
    "hundred_million": ("亿", "hundred million"),
    "point": ("点", "point"),
    "minus": ("负", "minus"),
    "yuan": ("元", "yuan"),
    "minutes": ("分钟", "minutes"),
    # queue
    "position_is": ("您前面排队的位置是第", "You are number"),
    "position_end": ("位", "in the queue."),
    "next_in_line": ("您是下一位。", "You are next in line."),
    "wait_is": ("预计等待时间约", "The estimated wait is about"),
    "wait_short": ("预计等待时间不到一分钟。", "The estimated wait is less than a minute."),
    "agents_busy": ("坐席全忙,请稍候。", "All agents are busy. Please hold."),
    "no_agents": (
        "您好,现在没有坐席为您服务,请稍后再拨。",
        "Sorry, no agent is available now. Please call again later.",
    ),
    "timed_out": ("坐席暂时无法接听,请稍后再拨。", "Nobody could take your call. Please call again later."),
    "closed": (
        "您好,现在是非工作时间,请在工作时间再拨。",
        "We are closed now. Please call again during business hours.",
    ),
    "holiday": ("您好,现在是节假日休息时间。", "We are closed for a public holiday."),
    # menus
    "welcome": ("您好,欢迎致电。", "Hello, and welcome."),
    "please_wait": ("请稍候。", "One moment, please."),
    "invalid_key": ("按键有误,请重新选择。", "That is not a valid choice. Please try again."),
    "enter_work_number": ("请输入工号,以井号键结束。", "Please enter the work number, followed by the hash key."),
    "unknown_work_number": ("工号不存在。", "There is no such work number."),
    "transferring": ("正在为您转接,请稍候。", "Connecting you now. Please hold."),
    "not_reached": ("您拨打的用户暂时无法接听。", "The person you are calling cannot be reached now."),
    "goodbye": ("感谢您的来电,再见。", "Thank you for calling. Goodbye."),
    # voicemail
    "leave_message": (
        "请在提示音后留言,结束请按井号键或挂机。",
        "Please leave a message after the tone. To end, press hash or hang up.",
    ),
    "message_saved": ("您的留言已保存。", "Your message has been saved."),
    "box_full": ("留言信箱已满。", "The mailbox is full."),
    # feature codes
    "your_extension_is": ("您的分机号是", "Your extension is"),
    "your_work_number_is": ("您的工号是", "Your work number is"),
    "your_balance_is": ("您的余额是", "Your balance is"),
    "your_state_is": ("您的状态是", "Your state is"),
    "state_ready": ("空闲", "ready"),
    "state_paused": ("置忙", "paused"),
    "state_offline": ("签出", "offline"),
    "state_wrap_up": ("话后处理", "wrap up"),
    "state_on_call": ("通话中", "on a call"),
    "state_dialing": ("拨号中", "dialing"),
    "state_ringing": ("振铃中", "ringing"),
    "state_reserved": ("预占用", "reserved"),
    "signed_in": ("您已签入。", "You are signed in."),
    "signed_out": ("您已签出。", "You are signed out."),
    "line_on": ("长签已开始。", "Your line is now kept open."),
    "line_off": ("长签已结束。", "Your line is no longer kept open."),
    "nobody_rings": ("没有可代接的来电。", "There is no call to pick up."),
    "slot_empty": ("该停泊位没有通话。", "No call is parked there."),
    "refused": ("操作未能完成。", "That could not be done."),
    "recording_on": ("录音已开始。", "Recording has started."),
    "recording_off": ("录音已停止。", "Recording has stopped."),
    "low_balance": ("您的余额不足。", "Your balance is too low."),
    # verification code
    "verification_code_is": ("您的验证码是", "Your verification code is"),
    "verification_repeat": ("重听请按1。", "To hear it again, press 1."),
}
LANGUAGES = ("zh-CN", "en")
TONES: dict[str, tuple[tuple[float, float], ...]] = {
    "beep": ((1000.0, 0.4),),
    "warning": ((1400.0, 0.2), (0.0, 0.15), (1400.0, 0.2)),
    "connected": ((600.0, 0.15),),
}
"""Pieces of Hz and seconds; 0 Hz is silence."""
RINGBACK = ((450.0, 1.0), (0.0, 4.0))
"""The ring-back of China: 450 Hz, one second on, four off."""
NAMES = frozenset((*TEXTS, *TONES, "ringback"))


def make_builtin(settings: Settings) -> int:
    """Make what is missing, or was made of another text or by another synthesiser. How many."""
    wanted: list[tuple[Path, str, str]] = []
    for column, language in enumerate(LANGUAGES):
        for name, texts in TEXTS.items():
            path = voice_dir(settings, language) / f"{name}.wav"
            if not path.exists() or _read_mark(path) != _mark(settings, texts[column], language):
                wanted.append((path, texts[column], language))
        for name, pieces in (*TONES.items(), ("ringback", RINGBACK)):
            path = voice_dir(settings, language) / f"{name}.wav"
            if not path.exists():
                write(path, _tone(pieces))
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda one: _make(settings, *one), wanted))
    return len(wanted)


def _make(settings: Settings, path: Path, text: str, language: str) -> None:
    write(path, speak(settings, text, language))
    path.with_suffix(".mark").write_text(_mark(settings, text, language))


def _mark(settings: Settings, text: str, language: str) -> str:
    voice = settings.speech_voices.get(language, "")
    return hashlib.sha256(f"{settings.speech_command}\n{voice}\n{text}".encode()).hexdigest()


def _read_mark(path: Path) -> str | None:
    mark = path.with_suffix(".mark")
    return mark.read_text() if mark.exists() else None


def _tone(pieces: tuple[tuple[float, float], ...]) -> bytes:
    parts = []
    for hz, seconds in pieces:
        t = np.arange(int(seconds * RATE)) / RATE
        edge = np.minimum(1.0, np.minimum(t, seconds - t) / 0.005)
        parts.append(8000 * edge * np.sin(2 * np.pi * hz * t))
    return to_wav(np.concatenate(parts).astype(np.int16))
