"""The page that `report` makes: what is drawn, tabled and claimed on it, and the templates that set it.

results, counts                          what the other stages left, as one value; a dataset, counted
datasets, learning, failures, certainty  pictures, a file for each part of the page
arithmetic, shares                       what makes an expression hard; how far a share may be off
tables, gallery                          rows of numbers, rows of answers
claims, findings, original, verdicts     what the original report says, and how it is measured
trials, sweeps                           what a study found: the verdict, and its figures
kept, others, whole                      the network of the whole corpus, what others reached, and both together
style, web                               how a picture looks, and how the page is set
"""
