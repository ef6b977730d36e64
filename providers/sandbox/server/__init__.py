"""The HTTP, the websocket and the process of the sandbox."""
