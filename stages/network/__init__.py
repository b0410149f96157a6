"""The network, from characters to weights and answers; what only `train`, `evaluate` and `predict` need.

alphabet, seq2seq                       text as ids, and the network that reads and writes them
cells, decoders, recurrence, layout     what it is made of, computed without waste
learner, checkpoint, launch, machine    its training: under way, interrupted, on many processes, on this machine
scores, batches, weights                how good it is, rows cut to their length, and the file that it is kept in
"""
