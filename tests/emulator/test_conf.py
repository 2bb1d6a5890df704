from pathlib import Path

from ucc.config import Settings
from ucc.emulator import conf
from ucc.secrets import Secrets


def test_every_placeholder_is_filled(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def make_folder(settings: Settings, path: Path, user: str) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        return path

    monkeypatch.setattr(conf, "make_folder", make_folder)
    monkeypatch.setattr(conf, "user_ids", lambda settings, user: (-1, -1))
    root = tmp_path / "root"
    (root / "usr/lib/x86_64-linux-gnu/asterisk/modules").mkdir(parents=True)
    settings = Settings(home=tmp_path, runtime=root, address="127.0.0.11", emulator_address="127.0.0.21")
    secrets = Secrets()
    conf.render(settings, secrets)

    etc = tmp_path / "emulator/etc"
    texts = {path.name: path.read_text() for path in etc.iterdir()}
    assert not [name for name, text in texts.items() if "@" in text]
    assert "match = 127.0.0.11" in texts["pjsip.conf"]
    assert "bind = 127.0.0.21:5080" in texts["pjsip.conf"]
    assert secrets.emulator_ari in texts["ari.conf"]
    assert "astmoddir => /usr/lib/x86_64-linux-gnu/asterisk/modules" in texts["asterisk.conf"]
    assert conf.command(settings)[-1] == str(etc / "asterisk.conf")
