"""The rendered configuration: whole, true to the settings, and accepted by the real Kamailio when it is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ucc.border import kamailio, rtpengine
from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import chroot_command, find_capability_gap
from ucc.switch import conf as switch_conf

PLACEHOLDER = re.compile(r"^[^#\n]*@[A-Z_]+@", re.M)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, address="127.0.0.11", sip_domain="calls.example", sip_port=5070, border_rate_per_s=7)


def test_kamailio_gets_every_setting(settings: Settings) -> None:
    secrets = Secrets()
    text = kamailio.render_text(settings, secrets)
    assert not PLACEHOLDER.findall(text)
    assert "listen=udp:127.0.0.11:5070" in text
    assert 'alias="calls.example"' in text
    assert f"postgres://ucc_border:{secrets.postgres_border}@127.0.0.11:5433/ucc" in text
    assert 'pl_check("$si", "taildrop", "7")' in text


def test_the_key_of_dialogs_is_this_installations_own(settings: Settings) -> None:
    def key(secrets: Secrets) -> str:
        found = re.search(r'\$var\(told\) = "([0-9a-f]{64}):"', kamailio.render_text(settings, secrets))
        assert found is not None
        return found[1]

    secrets = Secrets()
    assert key(secrets) == key(secrets)
    assert key(secrets) != key(Secrets())
    assert secrets.postgres_border not in key(secrets)


def test_kamailio_takes_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    if not (settings.runtime_root / "usr/sbin/kamailio").exists():
        settings = Settings(home=tmp_path, runtime=Settings().runtime_root)
    assert find_capability_gap() is None, "needs root, as UCC does"
    tmp_path.chmod(0o755)
    kamailio.render(settings, Secrets())
    check = ["/usr/sbin/kamailio", "-c", "-f", str(kamailio.config_path(settings))]
    ran = subprocess.run(
        chroot_command(settings, check, user=kamailio.USER), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_rtpengine_stays_on_its_address_and_records(settings: Settings) -> None:
    command = rtpengine.command(settings)
    assert {"--interface=int/127.0.0.11", "--interface=web/127.0.0.11", "--listen-ng=127.0.0.11:2223"} <= set(command)
    assert {"--recording-method=pcap", f"--recording-dir={settings.capture_dir}", "--table=-1"} <= set(command)
    assert "--dtmf-log-dest=127.0.0.11:2224" in command


def test_the_threads_of_rtpengine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, threads in ((1, 1), (2, 1), (8, 4)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, count=processors: set(range(count)))
        assert f"--num-threads={threads}" in rtpengine.command(settings)
    assert "--num-threads=3" in rtpengine.command(settings.model_copy(update={"border_media_threads": 3}))


def test_media_ranges_do_not_meet() -> None:
    settings = Settings()
    assert settings.border_rtp_min < settings.border_rtp_max < settings.switch_rtp_min < settings.switch_rtp_max < 32768


def test_the_switch_knows_the_border_by_address_and_port(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_folder(settings: Settings, path: Path, user: str) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        return path

    monkeypatch.setattr(switch_conf, "make_folder", make_folder)
    monkeypatch.setattr(switch_conf, "user_ids", lambda settings, user: (-1, -1))
    monkeypatch.setattr(switch_conf, "make_sounds", lambda settings: None)
    switch_conf.render(settings, Secrets())
    texts = {path.name: path.read_text() for path in (tmp_path / "asterisk/etc").iterdir()}
    assert not [name for name, text in texts.items() if PLACEHOLDER.search(text)]
    assert re.findall(r"^match = (.*)$", texts["pjsip.conf"], re.M) == ["127.0.0.11:5070"]
    assert "bindaddr = 127.0.0.11" in texts["http.conf"]
    assert re.findall(r"^allow = (.*)$", texts["pjsip.conf"], re.M) == ["alaw"]
