"""The pipeline: a module named like a DVC stage is that stage (a verb); the others are nouns they share."""
