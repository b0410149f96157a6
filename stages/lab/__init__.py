"""What a study does at its points: trainings in DVC's queue, answers of the networks there are, two-sample tests."""
