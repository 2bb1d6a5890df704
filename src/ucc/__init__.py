"""UCC: a call-centre platform for operators, resellers and enterprises."""

__version__ = "0.1.0"
