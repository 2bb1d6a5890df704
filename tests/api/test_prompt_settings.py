"""Prompts: uploaded, spoken, converted, played back, kept while in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from api.inbound_rows import call, mp3, read_wav, upload, wav
from api_fixtures import Api

pytestmark = pytest.mark.db


class TestPrompts:
    async def test_wav_and_mp3_become_8_khz_mono(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        for name, sound in (("wav", wav(1.0)), ("mp3", mp3(1.0)), ("8k", wav(1.0, 8000, 1))):
            status, prompt = await upload(browser, name, sound)
            assert status == 201
            assert abs(prompt["duration_ms"] - 1000) < 120
            async with browser.get(f"prompts/{prompt['id']}/audio") as response:
                assert response.headers["Content-Type"] == "audio/wav"
                samples = read_wav(await response.read()).astype(float)
            peak = np.fft.rfft(samples[2000:6000] * np.hanning(4000))
            assert abs(np.argmax(np.abs(peak)) * 2 - 800) <= 4, name

    async def test_what_is_no_sound_is_refused(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        real = wav(0.5)
        for name, sound in (
            ("text", b"hello"),
            ("nothing", b""),
            ("cut", real[:60]),
            ("zip", b"PK\x03\x04" + b"\0" * 500),
            ("noise", b"\xff\xfb" + bytes(range(256)) * 20),
            ("empty", wav(0.0)),
        ):
            status, body = await upload(browser, name, sound)
            assert (status, body["code"]) == (422, "unsupported_audio"), name
        status, body = await upload(browser, "long", b"RIFF" + b"\0" * (21 * 1024 * 1024))
        assert (status, body["code"]) == (413, "request_too_large")
        assert (await call(browser, "GET", "prompts"))[1]["items"] == []

    async def test_speech_in_both_languages(self, api: Api) -> None:
        browser = await api.browser("supervisor1")
        for language, said in (("zh-CN", "-您好,请按一。"), ("en", "Hello. Please press one.")):
            body = {"name": language, "text": said, "language": language}
            status, prompt = await call(browser, "POST", "prompts/speech", body)
            assert status == 201
            assert prompt["duration_ms"] > 700
            async with browser.get(f"prompts/{prompt['id']}/audio") as response:
                samples = read_wav(await response.read())
            assert np.abs(samples).max() > 3000
        _, listed = await call(browser, "GET", "prompts")
        assert {"welcome", "beep", "digit_7", "no_agents"} <= set(listed["builtin"])

    async def test_a_new_sound_leaves_the_file_that_calls_play(self, api: Api, tmp_path: Path) -> None:
        browser = await api.browser("enterprise1")
        _, prompt = await upload(browser, "one", wav(0.5))
        folder = next((api.settings.home / "prompt").iterdir())
        before = {path.name for path in folder.iterdir()}
        async with browser.put(f"prompts/{prompt['id']}/upload", data=wav(0.7)) as response:
            assert abs((await response.json())["duration_ms"] - 700) < 20
        after = {path.name for path in folder.iterdir()}
        assert before < after
        assert len(after) == 2

    async def test_a_command_that_fails(self, api: Api) -> None:
        api.settings.speech_command = "false"
        browser = await api.browser("enterprise1")
        status, body = await call(browser, "POST", "prompts/speech", {"name": "x", "text": "y"})
        assert (status, body["code"]) == (503, "speech_failed")

    async def test_the_reception_and_queues_keep_their_prompts(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        _, prompt = await upload(browser, "ringback", wav(0.5))
        body = {"language": "en", "ringback_prompt_id": prompt["id"], "music_prompt_id": None}
        assert await call(browser, "PUT", "reception", body) == (200, body)
        assert await call(browser, "GET", "reception") == (200, body)
        status, refused = await call(browser, "DELETE", f"prompts/{prompt['id']}")
        assert (status, refused["code"]) == (409, "in_use")
        other = await api.browser("enterprise2")
        status, refused = await call(other, "PUT", "reception", body)
        assert (status, refused["code"]) == (422, "unknown_reference")
