"""The layers of the Linux kernel that lock a worker down. Imports nothing."""
