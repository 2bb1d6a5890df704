"""Which of Asterisk's modules are loaded: what a call needs, named; nothing else of the hundreds there are."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

# Never res_stasis_device_state: ending a WebSocket while a device changes its state deadlocks ARI (seen on 22.10).
WANTED = (
    "app_mixmonitor",
    "app_playtones",
    "app_stasis",
    "app_dial",
    "bridge_builtin_features",
    "bridge_holding",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
    "chan_bridge_media",
    "chan_pjsip",
    "codec_alaw",
    "codec_ulaw",
    "codec_a_mu",
    "codec_resample",
    "format_pcm",
    "format_sln",
    "format_wav",
    "func_callerid",
    "func_channel",
    "func_holdintercept",
    "pbx_config",
    "res_ari",
    "res_ari_applications",
    "res_ari_asterisk",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_endpoints",
    "res_ari_events",
    "res_ari_model",
    "res_ari_playbacks",
    "res_ari_recordings",
    "res_http_websocket",
    "res_musiconhold",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_acl",
    "res_pjsip_authenticator_digest",
    "res_pjsip_caller_id",
    "res_pjsip_dlg_options",
    "res_pjsip_dtmf_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_header_funcs",
    "res_pjsip_logger",
    "res_pjsip_pubsub",
    "res_pjsip_nat",
    "res_pjsip_refer",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_session",
    "res_rtp_asterisk",
    "res_sorcery_astdb",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_srtp",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_timing_timerfd",
    "res_websocket_client",
)
MODULE_DIR = "usr/lib/x86_64-linux-gnu/asterisk/modules"


def list_modules(root: Path) -> str:
    """modules.conf for the Asterisk in this runtime."""
    there = sorted(path.stem for path in (root / MODULE_DIR).glob("*.so"))
    loaded = [name for name in there if any(fnmatch(name, wanted) for wanted in WANTED)]
    return "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in loaded)
