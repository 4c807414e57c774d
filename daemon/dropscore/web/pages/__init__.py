"""The pages of the panel. Every action is a form that works without JavaScript."""
