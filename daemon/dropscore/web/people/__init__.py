"""Who may do what: users, sessions, tokens, set-up links, the audit log. All of it lies in `state/people.sqlite`."""
