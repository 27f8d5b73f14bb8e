"""Beatport's charts: fetched from the website, the API or saved files, and read by a pure parser.

Owns everything about Beatport's formats. Does not store charts (the ledger does) and does not decide what to do
without a chart (`beatporter.sync.scrape` does).
"""
