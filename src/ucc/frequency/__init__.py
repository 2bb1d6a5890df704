"""主叫超频: how often a caller ID may dial, and how often a callee may be dialled."""
