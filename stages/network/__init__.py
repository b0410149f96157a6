"""The network and its training, used by `train`, `evaluate`, `predict`, `score` and `study`.

alphabet, seq2seq                       text as token ids, and the encoder-decoder
cells, decoders, recurrence, layout     its parts: LSTM and GRU, decoders, forward and backward passes, batch layouts
learner, optimisers, checkpoint         training: its state, its optimisers, its checkpoints
launch, machine                         several processes, device and threads
scores, batches, weights                loss and accuracy, batches, the model file
"""
