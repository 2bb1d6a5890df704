"""语音验证码: a call that reads a code aloud, and the check of what its hearer types."""
