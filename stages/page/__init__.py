"""The page that `report` makes: what is drawn, tabled and claimed on it, and the templates that set it.

results                                  what the other stages left, as one value
style                                    how a picture looks
datasets, learning, failures, certainty  pictures, a file for each part of the page
tables, claims, original                 numbers, and what the original report says about them
"""
