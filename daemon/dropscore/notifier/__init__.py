"""The notifier: tells people what the ledger owes them. A process of its own.

Nothing is imported here: each message is sent by a child process, which starts by importing this package.
"""
