"""Settings of one machine: addresses, ports and folders, from `ucc.toml` in the home folder and `UCC_*` variables.

Everything binds to `address`, which is loopback unless told otherwise. A second stack on the same machine (the test
stack) only needs another home and another loopback address; every port and media range stays the same.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Edition = Literal["cloud", "single"]
CHECKOUT = Path(__file__).resolve().parents[2]


def find_home() -> Path:
    """The home folder: `UCC_HOME`, else `var` in the checkout. Holds settings, secrets, runtime, data and logs."""
    return Path(os.environ.get("UCC_HOME", CHECKOUT / "var")).resolve()


class Settings(BaseSettings):
    """All settings, each with a default that works on one loopback-only machine."""

    model_config = SettingsConfigDict(env_prefix="UCC_", env_nested_delimiter="__", extra="forbid")

    home: Path = Field(default_factory=find_home, description="Folder of settings, secrets, data, recordings and logs")
    runtime: Path | None = Field(None, description="Folder of the telephony runtime; default `runtime` in the home")
    address: str = Field("127.0.0.1", description="Address that every service binds to")
    emulator_address: str = Field("127.0.0.20", description="Address of the PSTN emulator, the demo's carrier")
    sip_domain: str = Field("ucc.local", description="SIP domain and digest realm of phones")

    api_port: int = 8080
    sip_port: int = Field(5060, description="Kamailio, UDP and TCP")
    sip_ws_port: int = Field(8060, description="Kamailio, SIP over WebSocket for browsers")
    border_rpc_port: int = Field(8061, description="Kamailio, JSON-RPC over HTTP")
    switch_sip_port: int = Field(5090, description="Asterisk, reached by Kamailio only")
    ari_port: int = Field(8088, description="Asterisk, ARI requests")
    ari_event_port: int = Field(8765, description="Controller, where Asterisk delivers its events")
    controller_port: int = Field(8770, description="Controller, commands and live state")
    postgres_port: int = 5433
    ng_port: int = Field(2223, description="rtpengine, control protocol over UDP")
    dtmf_port: int = Field(2224, description="Controller, keys that rtpengine reports over UDP")
    emulator_sip_port: int = 5080
    emulator_ari_port: int = 8089

    border_rtp_min: int = 10000
    border_rtp_max: int = 19999
    switch_rtp_min: int = 20000
    switch_rtp_max: int = 29999

    border_media_threads: int = Field(
        0, ge=0, le=256, description="Threads of rtpengine that carry sound; 0: one for every two processors"
    )
    border_rate_per_s: int = Field(400, description="SIP requests a second that one source may send")
    database_url: str | None = Field(None, description="An own PostgreSQL; default: the private cluster")
    edition: Edition = Field(
        "cloud", description="`cloud`: a tree of tenants, with money; `single`: one enterprise, calls cost nothing"
    )
    is_demo: bool = Field(True, description="Fill the demo tenants and run the PSTN emulator")
    speech_command: str = Field(
        "espeak-ng -v {voice} -s 150 --stdin --stdout",
        description="Synthesiser of prompts: text on its standard input, WAV on its standard output",
    )
    speech_voices: dict[str, str] = Field(
        {"zh-CN": "cmn", "en": "en"}, description="The synthesiser's voice for each language"
    )
    ivr_http_networks: list[str] = Field(
        [], description="Private networks (CIDR) that HTTP requests of IVR trees may reach; public ones they always may"
    )
    encode_workers: int = Field(1, description="Processes that turn captures into MP3")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, toml_file=find_home() / "ucc.toml")
        return init_settings, env_settings, file

    @property
    def has_billing(self) -> bool:
        """Whether calls cost anything, and tenants are opened below tenants (云平台多用户版, not 局域网单用户版)."""
        return self.edition == "cloud"

    @property
    def runtime_root(self) -> Path:
        return self.runtime or self.home / "runtime"

    @property
    def log_dir(self) -> Path:
        return self.home / "log"

    @property
    def run_dir(self) -> Path:
        """Rendered configuration and pid files."""
        return self.home / "run"

    @property
    def capture_dir(self) -> Path:
        """rtpengine's recording folder: `pcaps/`, `metadata/`, `tmp/`."""
        return self.home / "capture"

    @property
    def recording_dir(self) -> Path:
        return self.home / "recording"

    @property
    def statement_dir(self) -> Path:
        """Statements as PDF and XLSX, by id of the file."""
        return self.home / "statement"

    @property
    def spool_dir(self) -> Path:
        """Finished calls that wait for the database."""
        return self.home / "spool"

    @property
    def secrets_path(self) -> Path:
        return self.home / "secrets.toml"


@lru_cache
def get_settings() -> Settings:
    return Settings()
