"""班组: agents who work together, and the supervisors (班长) who may act on them."""
