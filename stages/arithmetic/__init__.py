"""The language of the corpus, its worked answers, and what is wrong in an answer; knows no files."""
