"""How a point of a study is found out: by trainings, by the answers of trained networks, or by a two-sample test."""
