"""What can be asked of a fitted density beyond the score of a row, each question in a file.

regions       a set of numbers that one column may have
conditions    tests of columns, joined by AND, OR
literals      the number that a value has in its column
predicates    conditions as a dict says them
sql           conditions as SQL says them
subject       what questions are asked of: a model, with the columns of its table
contexts      the values that a condition gives to columns which are not modelled
ends          the ends of an interval of numbers, as a coding takes them
limits        a region of columns as their feature of the model sees it
given         rows that hold a condition, drawn from the model
counting      how many of some rows hold a condition, at once
sampling      the sample of the model that questions are answered from
probability   the mass of a condition, by counting in one fixed sample
posteriors    one feature given any others, by Bayes' rule along one order
spreads       what a distribution of one column answers, in numbers
by_codes      such a distribution by the probability of each code
by_cells      such a distribution by a prior and masses of its cells
conditional   the distribution of one column given others, in the column's units
predicting    one column, or whatever is missing, from the rest of each row
explaining    how each value of a row fits the rest of it
information   entropy, mutual information
"""
