"""What the command `coevolve` can do. Each module here gives click commands; `coevolve.cli` finds them by itself.

A module may offer `group` (a click group or command) or `commands` (a list of them). They translate and call one
service; what they change they commit, as a request would.
"""
