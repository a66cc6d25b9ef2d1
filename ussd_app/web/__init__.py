"""The entrances over HTTP: read the request, one service call, write the answer."""
