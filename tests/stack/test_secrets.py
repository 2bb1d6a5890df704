from pathlib import Path

import pytest

from ucc.secrets import Secrets, load_secrets


def test_the_first_start_generates_and_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secrets.toml"
    first = load_secrets(path)
    assert load_secrets(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(set(first.model_dump().values())) == len(Secrets.model_fields)


def test_a_new_secret_is_added_and_the_old_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('ari = "kept"\nof_a_newer_version = "ignored"\n')
    assert load_secrets(path).ari == "kept"
    assert load_secrets(path) == load_secrets(path)


def test_a_broken_file_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("ari = ")
    with pytest.raises(ValueError, match="Invalid value"):
        load_secrets(path)
    assert path.read_text() == "ari = "
