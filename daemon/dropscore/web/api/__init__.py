"""The HTTP API, version 1. Its paths and fields only ever grow; a change of meaning would be `/api/v2`."""
