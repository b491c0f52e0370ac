"""A clinic after years: leads with their stories, and every worklist filled; what is encrypted comes by COPY, the rest is made in SQL.

The shares are the same however many leads there are, but for what does not grow with a clinic: its staff, the leads one of them has, who
is in danger. Left out is what no page of the console asks for, such as the tokens of links.
"""
