"""A ComfyUI server of version 0.28.1: graphs in, files out, a queue, and a websocket that tells of both."""
