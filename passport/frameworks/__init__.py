"""The « je » sentences in plain words, and what each is mapped to."""
