"""The panel and the HTTP API, a process of its own.

It reads the ledger, the receipts and the daemon's status, and asks by request files. It moves no files and writes
no job rows; what it writes is `state/people.sqlite`, uploads and requests.
"""
