"""Reading to protect: the two readers of what adults write to protected learners, and « Qui a regardé mon passeport »."""
