"""What a learner chose to show, to whom, until when; the reader's page."""
