"""How studies measure their points: trainings in DVC's queue, answers of trained networks, two-sample tests."""
