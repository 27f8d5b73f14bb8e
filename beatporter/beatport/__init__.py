"""Beatport's charts: fetched from the website, the API or saved files, and read by a pure parser.

Owns everything that knows how Beatport speaks. Does not store charts (the ledger does) and does not decide what to do
when there is none (`beatporter.sync.scrape` does).
"""
