"""Recognising competencies, only when the learner asks, after a feedback they have read."""
