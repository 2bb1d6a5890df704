"""The border: Kamailio decides who may talk, rtpengine carries, converts and captures the media."""
