"""Asking for feedback and answering it: requests, grants, formative exchanges, witnesses."""
