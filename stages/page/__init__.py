"""The page that `report` makes: its pictures, tables and claims, and its templates.

results, inputs                          the outputs of the other stages as one value; each checked as it is read
datasets, learning, failures, certainty  pictures, a file per section
arithmetic                               what makes an expression hard
tables, gallery                          rows of numbers, rows of answers
verdicts, sentences                      intervals, verdicts by a rule, and their evidence in words
claims, references                       the original report's claims, and its figures
studies                                  pictures and tables of a study
whole, limits, calculator                the network of the whole corpus: its results, its failures, its weights
style, render                            how a picture looks; the page from its templates
"""
