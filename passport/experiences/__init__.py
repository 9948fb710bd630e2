"""What a learner did and where: log, revisions, reflection, claims, evidence."""
